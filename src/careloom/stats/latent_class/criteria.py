"""Criteria for the number of classes: a badness of fit plus a charge for every parameter; the smallest wins.

n is the weight of the rows with anything observed. Sources: AIC, Akaike (1974), IEEE Trans. Autom. Control 19:716;
AIC3, Bozdogan (1994); BIC, Schwarz (1978), Ann. Stat. 6:461; SABIC, Sclove (1987), Psychometrika 52:333;
CAIC, Bozdogan (1987), Psychometrika 52:345; ICL, Biernacki, Celeux and Govaert (2000), IEEE PAMI 22:719.
"""

from __future__ import annotations

from math import log

from careloom.stats.latent_class.fit import LatentClassFit


def aic(fit: LatentClassFit) -> float:
    return 2.0 * fit.n_parameters - 2.0 * fit.loglik


def aic3(fit: LatentClassFit) -> float:
    return 3.0 * fit.n_parameters - 2.0 * fit.loglik


def bic(fit: LatentClassFit) -> float:
    return log(fit.n) * fit.n_parameters - 2.0 * fit.loglik


def sabic(fit: LatentClassFit) -> float:
    """BIC with Sclove's n* = (n + 2) / 24."""
    return log((fit.n + 2.0) / 24.0) * fit.n_parameters - 2.0 * fit.loglik


def caic(fit: LatentClassFit) -> float:
    return (log(fit.n) + 1.0) * fit.n_parameters - 2.0 * fit.loglik


def icl(fit: LatentClassFit) -> float:
    """BIC plus twice the entropy of the memberships: classes that overlap are charged for it."""
    return bic(fit) + 2.0 * fit.weight * (1.0 - fit.entropy) * log(fit.classes)
