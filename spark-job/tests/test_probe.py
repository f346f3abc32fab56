"""A few records of a backlog, and the times of their samples."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from conftest import SettingsOf
from pyspark.sql import SparkSession

from cpu_anomaly.backlog import Probe
from cpu_anomaly.modes import mode_of
from cpu_anomaly.probe import SCHEMA, times_of_samples

T0 = 1_700_000_000_000


@pytest.mark.parametrize(("group_by", "series"), [("none", [""]), ("key", ["a", "b"])])
def test_probes_hold_the_times_of_valid_samples_by_place(
    spark: SparkSession, settings_of: SettingsOf, group_by: str, series: list[str]
) -> None:
    settings = settings_of(group_by=group_by)
    rows: list[Any] = [
        (0, 40, 40, b"a", f"{T0},1\n{T0 - 5000},1\nbad".encode()),
        (0, 40, 41, b"b", f"{T0 + 7},1".encode()),
        (0, 40, 42, b"b", b"9999999999999,1"),
        (1, 0, 0, b"b", b"bad"),
    ]
    frame = spark.createDataFrame(rows, SCHEMA).transform(times_of_samples(settings, mode_of(settings)))
    (probe,) = [Probe(**row.asDict()) for row in frame.collect()]
    assert replace(probe, series=sorted(probe.series)) == Probe("0", 40, T0 - 5000, T0 + 7, 2, 3, series)
