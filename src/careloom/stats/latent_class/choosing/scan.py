"""One number of classes after another, and everything by which to choose among them."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

from scipy.sparse import csr_array

from careloom.stats.latent_class.choosing import criteria
from careloom.stats.latent_class.choosing.held_out import Foretold, SplitHalf, foretell_groups, split_half
from careloom.stats.latent_class.choosing.likelihood_ratio import bootstrap_test
from careloom.stats.latent_class.choosing.quality import classification_quality
from careloom.stats.latent_class.choosing.residuals import bivariate_residuals
from careloom.stats.latent_class.fitting.fit import LatentClassFit, fit_latent_classes
from careloom.stats.latent_class.fitting.proof import Verdict
from careloom.stats.latent_class.rows.patterns import PatternTable


@dataclass(frozen=True)
class ScanRow:
    """What is known of one number of classes; None where it was not asked for or cannot be.

    ``least_posterior`` is the lowest average posterior of a class, ``share_certain`` the share of rows whose likeliest
    class has 0.7 or more, ``worst_residual`` the largest bivariate residual and ``worst_effect`` its effect size.
    Gains are of log-likelihood for each row against one class fewer: ``gain_per_row`` on the rows fitted to,
    ``split_half_gain`` and ``held_out_gain`` on rows that were not. ``bootstrap_p`` tests one class fewer against this
    number. ``seconds`` is the time of the fit.
    """

    classes: int
    loglik: float
    parameters: int
    aic: float
    aic3: float
    bic: float
    sabic: float
    caic: float
    icl: float
    relative_entropy: float
    entropy_r2: float
    smallest_share: float
    least_posterior: float
    share_certain: float
    starts: int
    starts_at_best: int
    verdict: Verdict
    worst_residual: float | None
    worst_effect: float | None
    gain_per_row: float | None
    split_half_per_row: float | None
    split_half_gain: float | None
    split_half_agreement: float | None
    held_out_per_row: float | None
    held_out_gain: float | None
    groups_gaining: float | None
    bootstrap_p: float | None
    seconds: float

    @property
    def share_at_best(self) -> float:
        return self.starts_at_best / self.starts


@dataclass(frozen=True, eq=False)
class Tried:
    """One number of classes while the scan is under way."""

    fit: LatentClassFit
    halves: SplitHalf | None
    groups: Foretold | None


@dataclass(frozen=True, eq=False)
class Scan:
    """The fits from 1 class on, and a row for each."""

    fits: tuple[LatentClassFit, ...]
    rows: tuple[ScanRow, ...]


def scan(
    table: PatternTable,
    *,
    most: int = 15,
    starts: int = 100,
    seed: int = 1,
    prior: float = 0.0,
    threads: int | None = None,
    halves: bool = True,
    by_group: csr_array | None = None,
    draws: int = 0,
) -> Scan:
    """Fit 1 to ``most`` classes, no more than there are patterns.

    ``halves`` asks for the split-half check; ``by_group`` (G, P), weights of the patterns in each group, for that with
    groups held out; ``draws`` is the most that the bootstrapped test of each number against one fewer may take
    (0: no test). The same seed gives the same scan on the same machine, but for the seconds.
    """
    rows: list[ScanRow] = []
    fits: list[LatentClassFit] = []
    before: Tried | None = None
    for classes in range(1, min(most, len(table.weights)) + 1):
        began = perf_counter()
        fit = fit_latent_classes(table, classes=classes, starts=starts, seed=seed, prior=prior, threads=threads)
        seconds = perf_counter() - began
        now = Tried(
            fit,
            split_half(table, fit.parameters, seed=seed) if halves else None,
            None if by_group is None else foretell_groups(table, by_group, fit.parameters, seed=seed),
        )
        p = None
        if before and draws:
            p = bootstrap_test(table, before.fit, fit, draws=draws, seed=seed, threads=threads).p
        rows.append(describe(table, now, before, p, seconds))
        fits.append(fit)
        before = now
    return Scan(tuple(fits), tuple(rows))


def describe(table: PatternTable, now: Tried, before: Tried | None, p: float | None, seconds: float) -> ScanRow:
    """The row of one number of classes, ``before`` being that of one fewer."""
    fit, halves, groups = now.fit, now.halves, now.groups
    quality = classification_quality(table, fit.parameters)
    worst = bivariate_residuals(table, fit.parameters)[0] if table.items > 1 else None
    was = before.halves if before else None, before.groups if before else None
    return ScanRow(
        classes=fit.classes,
        loglik=fit.loglik,
        parameters=fit.n_parameters,
        aic=criteria.aic(fit),
        aic3=criteria.aic3(fit),
        bic=criteria.bic(fit),
        sabic=criteria.sabic(fit),
        caic=criteria.caic(fit),
        icl=criteria.icl(fit),
        relative_entropy=fit.entropy,
        entropy_r2=criteria.entropy_r2(fit),
        smallest_share=quality.smallest_share,
        least_posterior=quality.least_posterior,
        share_certain=quality.share_certain,
        starts=fit.starts,
        starts_at_best=fit.starts_at_best,
        verdict=fit.certificate.verdict,
        worst_residual=worst.residual if worst else None,
        worst_effect=worst.effect if worst else None,
        gain_per_row=criteria.gain_per_row(before.fit, fit) if before else None,
        split_half_per_row=halves.loglik_per_row if halves else None,
        split_half_gain=halves.loglik_per_row - was[0].loglik_per_row if halves and was[0] else None,
        split_half_agreement=halves.agreement if halves else None,
        held_out_per_row=groups.loglik_per_row if groups else None,
        held_out_gain=groups.loglik_per_row - was[1].loglik_per_row if groups and was[1] else None,
        groups_gaining=groups.groups_gaining(was[1]) if groups and was[1] else None,
        bootstrap_p=p,
        seconds=seconds,
    )
