"""Numbers rounded to a grid: few enough distinct ones to count each, and as many digits as a person reads."""

from __future__ import annotations

import math

from pyspark.sql import Column
from pyspark.sql import functions as F

COARSEST = 0.01
# The grid is as fine as this up to here, and grows tenfold with each further digit: values may be anything.
FINE_UP_TO = 1000.0


def step_of(min_deviation: float) -> float:
    """The step in which means and deviations are given: a hundredth, or a tenth of a smaller `min_deviation`."""
    return min(COARSEST, 10.0 ** (math.floor(math.log10(min_deviation)) - 1))


def on_grid(value: Column, step: float) -> Column:
    """The nearest point of the grid."""
    digits = F.greatest(F.floor(F.log10(F.abs(value) / FINE_UP_TO)) + 1, F.lit(0))
    coarse = F.pow(F.lit(10.0), digits) * step
    # Dividing by a whole number gives the number that people write; multiplying by 0.01 does not.
    fine = F.round(value / step) / round(1 / step)
    return F.when(F.abs(value) < FINE_UP_TO, fine).otherwise(F.round(value / coarse) * coarse)


def rounded(value: float, step: float) -> float:
    """The nearest number with as many digits as the step."""
    return round(value, digits_of(step))


def rounded_up(value: float, step: float) -> float:
    """The next larger number with as many digits as the step; larger than `value` even if that has no more digits.

    A difference of two such numbers is not exact in binary, so `mean - normal_mean` may exceed an equal deviation.
    """
    return round((math.floor(value / step + 1e-6) + 1) * step, digits_of(step))


def digits_of(step: float) -> int:
    return round(-math.log10(step))
