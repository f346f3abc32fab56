"""A few records of a backlog, and the times of their samples."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import SettingsOf
from pyspark.sql import SparkSession

from cpu_anomaly import probe as module
from cpu_anomaly.backlog import Backlog, Probe, Stretch
from cpu_anomaly.modes import mode_of
from cpu_anomaly.probe import SCHEMA, KafkaProber, stretch_of, times_by_place, times_by_stretch, valid_samples

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
    frame = spark.createDataFrame(rows, SCHEMA).transform(valid_samples(settings, mode_of(settings)))
    frame = frame.transform(times_by_place(settings))
    (probe,) = [Probe(**row.asDict()) for row in frame.collect()]
    assert replace(probe, series=sorted(probe.series)) == Probe("0", 40, T0 - 5000, T0 + 7, 2, 3, series)


class Reader:
    """Ten records from an offset on, one in ten of them aborted."""

    def read(self, _: object, start: int, end: int, __: float) -> tuple[list[Any], int]:
        offsets = [offset for offset in range(start, end) if offset % 10][:10]
        return [record_of(offset) for offset in offsets], start


def record_of(offset: int) -> Any:
    return SimpleNamespace(offset=lambda: offset, key=lambda: None, value=f"{T0 + offset},1".encode)


def test_record_counts_at_one_place_only(
    spark: SparkSession, settings_of: SettingsOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "few_records", lambda *_: nullcontext(Reader()))
    settings = settings_of()
    prober = KafkaProber(spark, settings, mode_of(settings), {})
    found = prober.probe(Backlog({"0": 0, "1": 5}, {"0": 100, "1": 5}, 10))
    times = sorted((probe.oldest_ms - T0, probe.newest_ms - T0) for probe in found)
    assert (times[0], times[-1][1], sum(probe.records for probe in found)) == ((1, 11), 99, 90)
    assert all(one[1] < other[0] for one, other in pairwise(times))


@pytest.mark.parametrize(("start", "end"), [(40, 43), (0, 2**40)])
def test_stretches_hold_the_times_of_all_valid_samples(
    spark: SparkSession, settings_of: SettingsOf, start: int, end: int
) -> None:
    settings = settings_of()
    backlog = Backlog({"0": start, "2": 7}, {"0": end, "2": 8}, 100)
    rows: list[Any] = [
        (0, start, b"a", f"{T0},1\n{T0 - 5000},1\nbad".encode()),
        (0, start + 1, b"b", b"9999999999999,1"),
        (0, end - 1, b"b", f"{T0 + 7},1".encode()),
        (2, 7, b"b", f"{T0 + 8},1".encode()),
    ]
    raw = spark.createDataFrame(rows, "partition int, offset long, key binary, value binary")
    found = raw.transform(valid_samples(settings, mode_of(settings))).transform(times_by_stretch(backlog)).collect()
    first, last, other = sorted(
        (stretch_of(backlog, row) for row in found), key=lambda stretch: (stretch.partition, stretch.start)
    )
    assert (first.start, first.oldest_ms, first.newest_ms, first.samples) == (start, T0 - 5000, T0, 2)
    assert (last.end, last.oldest_ms, last.samples) == (end, T0 + 7, 1)
    assert other == Stretch("2", 7, 8, T0 + 8, T0 + 8, 1)
