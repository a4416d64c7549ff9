"""Criteria for the number of classes: a badness of fit plus a charge for every parameter; the smallest wins.

n is the weight of the rows with anything observed. Sources: AIC, Akaike (1974), IEEE Trans. Autom. Control 19:716;
AIC3, Bozdogan (1994); BIC, Schwarz (1978), Ann. Stat. 6:461; SABIC, Sclove (1987), Psychometrika 52:333;
CAIC, Bozdogan (1987), Psychometrika 52:345; ICL, Biernacki, Celeux and Govaert (2000), IEEE PAMI 22:719.

Two figures go by the name of entropy R-squared. Both set the entropy of the memberships against what it would be if
the items told nothing. *Relative entropy*, ``fit.entropy`` (Mplus, poLCA users), takes that to be ln K, as if all classes
were equally common; Latent GOLD's *entropy R-squared* takes the entropy of the class shares, and is the lower of the two.
"""

from __future__ import annotations

from math import log

from scipy.special import entr

from careloom.stats.latent_class.fitting.fit import LatentClassFit


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
    return bic(fit) + 2.0 * fit.n * (1.0 - fit.entropy) * log(fit.classes)


def entropy_r2(fit: LatentClassFit) -> float:
    """Latent GOLD's entropy R-squared (Vermunt and Magidson 2016, Technical Guide); 1 for a single class."""
    if fit.classes == 1:
        return 1.0
    return 1.0 - (1.0 - fit.entropy) * log(fit.classes) / float(entr(fit.shares).sum())


def gain_per_row(smaller: LatentClassFit, larger: LatentClassFit) -> float:
    """Log-likelihood that a row gains by the larger number of classes: unlike a test, it does not grow with the rows."""
    return (larger.loglik - smaller.loglik) / smaller.n
