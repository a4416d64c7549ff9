"""Latent class analysis of items with few answers, from distinct patterns with weights."""

from careloom.stats.latent_class.fit import LatentClassFit, fit_latent_classes, pattern_logliks, posterior
from careloom.stats.latent_class.parameters import Parameters, from_probabilities, from_yes
from careloom.stats.latent_class.patterns import PatternTable, collapse
from careloom.stats.latent_class.proof import Certificate
from careloom.stats.latent_class.search import Mode

__all__ = [
    "Certificate",
    "LatentClassFit",
    "Mode",
    "Parameters",
    "PatternTable",
    "collapse",
    "fit_latent_classes",
    "from_probabilities",
    "from_yes",
    "pattern_logliks",
    "posterior",
]
