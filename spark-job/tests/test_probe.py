"""A few records of a backlog, and the times of their samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import datetime, timezone
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import SettingsOf
from pyspark.sql import SparkSession

from cpu_anomaly import probe as module
from cpu_anomaly.backlog import Backlog, Probe, Stretch
from cpu_anomaly.modes import mode_of
from cpu_anomaly.probe import SCHEMA, KafkaProber, times_by_place, valid_samples
from cpu_anomaly.settings import Settings

T0 = 1_700_000_000_000
AT = datetime.fromtimestamp(T0 / 1000, timezone.utc)


def test_probes_hold_the_times_of_valid_samples_by_place(spark: SparkSession, settings_of: SettingsOf) -> None:
    settings = settings_of()
    rows: list[Any] = [
        (0, 40, 40, AT, 0, b"a", f"{T0},1\n{T0 - 5000},1\nbad".encode()),
        (0, 40, 41, AT, 0, b"b", f"{T0 + 7},1".encode()),
        (0, 40, 42, AT, 0, b"b", b"9999999999999,1"),
        (1, 0, 0, AT, 0, b"b", b"bad"),
    ]
    frame = spark.createDataFrame(rows, SCHEMA).transform(valid_samples(settings, mode_of(settings)))
    assert [Probe(**row.asDict()) for row in frame.transform(times_by_place).collect()] == [
        Probe("0", 40, T0 - 5000, T0 + 7)
    ]


class Reader:
    """Ten records from an offset on, one in ten of them aborted."""

    def read(self, _: object, start: int, end: int, __: float) -> tuple[list[Any], int]:
        offsets = [offset for offset in range(start, end) if offset % 10][:10]
        return [record_of(offset) for offset in offsets], start


def record_of(offset: int) -> Any:
    return SimpleNamespace(
        offset=lambda: offset,
        timestamp=lambda: T0,
        timestampType=lambda: SimpleNamespace(toString=lambda: "CreateTime"),
        key=lambda: None,
        value=f"{T0 + offset},1".encode,
    )


def test_record_counts_at_one_place_only(
    spark: SparkSession, settings_of: SettingsOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "few_records", lambda *_: nullcontext(Reader()))
    settings = settings_of()
    prober = KafkaProber(spark, settings, mode_of(settings), {})
    found = prober.probe(Backlog({"0": 0, "1": 5}, {"0": 100, "1": 5}, 10))
    times = sorted((probe.oldest_ms - T0, probe.newest_ms - T0) for probe in found)
    assert (times[0], times[-1][1]) == ((1, 11), 99)
    assert all(one[1] < other[0] for one, other in pairwise(times))


@pytest.fixture
def prober_of(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> Callable[[Settings, Sequence[Any]], KafkaProber]:
    """A prober of a topic that has these records."""

    def prober(settings: Settings, records: Sequence[Any]) -> KafkaProber:
        frame = spark.createDataFrame(records, "partition int, offset long, key binary, value binary")
        monkeypatch.setattr(module, "read_between", lambda *_: frame)
        return KafkaProber(spark, settings, mode_of(settings), {})

    return prober


@pytest.mark.parametrize(("start", "end"), [(40, 43), (0, 2**40)])
@pytest.mark.parametrize("group_by", ["none", "key"])
def test_all_records_show_times_series_and_windows(
    prober_of: Callable[[Settings, Sequence[Any]], KafkaProber],
    settings_of: SettingsOf,
    start: int,
    end: int,
    group_by: str,
) -> None:
    rows = [
        (0, start, b"a", f"{T0},1\n{T0 - 5000},1\nbad".encode()),
        (0, start + 1, b"b", b"9999999999999,1"),
        (0, end - 1, b"b", f"{T0 + 7},1".encode()),
        (2, 7, b"b", f"{T0 + 8},1".encode()),
    ]
    prober = prober_of(settings_of(group_by=group_by), rows)
    times = prober.read(Backlog({"0": start, "2": 7}, {"0": end, "2": 8}, 100))
    assert (times.series, times.windows) == ((2, 3) if group_by == "key" else (1, 2))
    first, last, other = sorted(times.stretches, key=lambda stretch: (stretch.partition, stretch.start))
    assert (first.start, first.oldest_ms, first.newest_ms, first.samples) == (start, T0 - 5000, T0, 2)
    assert (last.end, last.oldest_ms, last.samples) == (end, T0 + 7, 1)
    assert other == Stretch("2", 7, 8, T0 + 8, T0 + 8, 1)
