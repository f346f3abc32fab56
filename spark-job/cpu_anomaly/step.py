"""The shape of the job's transforms."""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import DataFrame

# What a transform with parameters returns, for `DataFrame.transform`: `frame.transform(classify(settings))`.
Step = Callable[[DataFrame], DataFrame]
