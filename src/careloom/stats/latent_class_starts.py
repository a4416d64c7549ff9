"""Where to begin the climb: three kinds of random start, because none finds the best solution most often everywhere."""

from __future__ import annotations

import numpy as np

from careloom.stats.latent_class_model import Floats, Parameters, Responses, from_shares

# Keeps every starting probability away from 0 and 1, which EM can never leave again.
INSIDE = (0.02, 0.98)


def starting_points(data: Responses, classes: int, starts: int, seed: int) -> list[Parameters]:
    """As many starts as asked for, the three kinds in turn; the same seed gives the same starts."""
    kinds = (near_prevalence, uniform, seeded_by_patterns)
    streams = np.random.default_rng([seed, classes]).spawn(starts)
    equal = np.full(classes, 1.0 / classes)
    thetas = (kinds[i % 3](data, classes, stream) for i, stream in enumerate(streams))
    return [from_shares(equal, np.clip(theta, *INSIDE)) for theta in thetas]


def near_prevalence(data: Responses, classes: int, random: np.random.Generator) -> Floats:
    """Each class is the whole file, its log odds shaken with a standard deviation of one half."""
    middle = np.clip(data.prevalence, *INSIDE)
    shaken = np.log(middle / (1.0 - middle)) + random.normal(0.0, 0.5, size=(classes, middle.size))
    return np.asarray(1.0 / (1.0 + np.exp(-shaken)), dtype=np.float64)


def uniform(data: Responses, classes: int, random: np.random.Generator) -> Floats:
    """Every probability anywhere between 0 and 1."""
    return random.uniform(size=(classes, data.prevalence.size))


def seeded_by_patterns(data: Responses, classes: int, random: np.random.Generator) -> Floats:
    """Each class half a child's own answers, half the whole file; children chosen far apart, as in k-means++."""
    prevalence = data.prevalence
    answers = data.yes if data.seen is None else data.yes + (1.0 - data.seen) * prevalence[:, None]
    nearest = np.full(data.weights.size, float(prevalence.size))
    centres: list[Floats] = []
    for _ in range(classes):
        chance = data.weights * nearest if (data.weights * nearest).any() else data.weights
        centres.append(answers[:, random.choice(chance.size, p=chance / chance.sum())])
        nearest = np.minimum(nearest, ((answers - centres[-1][:, None]) ** 2).sum(axis=0))
    return 0.5 * np.array(centres) + 0.5 * prevalence
