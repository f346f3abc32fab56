"""A few records of a backlog, and the times of their samples."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import SettingsOf
from pyspark.sql import SparkSession

from cpu_anomaly import probe as module
from cpu_anomaly.backlog import Probe
from cpu_anomaly.modes import mode_of
from cpu_anomaly.probe import SCHEMA, records_at, times_of_samples

T0 = 1_700_000_000_000


class Consumer:
    """A consumer of one partition: each poll gives the next of these lists, and moves on by a number of offsets."""

    def __init__(self, *polls: tuple[int, list[int]]) -> None:
        self._polls = list(polls)
        self._position = 0

    def assign(self, _: object) -> None:
        pass

    def seek(self, _: object, offset: int) -> None:
        self._position = offset

    def position(self, _: object) -> int:
        return self._position

    def poll(self, _: object) -> Any:
        moved, offsets = self._polls.pop(0) if self._polls else (0, [])
        self._position += moved
        records = [
            SimpleNamespace(offset=lambda at=at: at, key=lambda: None, value=lambda at=at: str(at).encode())
            for at in offsets
        ]
        return SimpleNamespace(records=lambda _: records)


class Jvm:
    """Stands in for every class and object of the JVM."""

    def __getattr__(self, _: str) -> Jvm:
        return self

    def __call__(self, *_: object) -> Jvm:
        return self


@pytest.mark.parametrize(
    ("polls", "offsets"),
    [
        ([(2, [40, 41])], [40, 41]),
        # The first answers may be empty, and what was aborted is passed over.
        ([(0, []), (7, []), (1, [47])], [47]),
        ([(60, [])], []),
    ],
    ids=["at once", "after aborted ones", "nothing but aborted ones"],
)
def test_reads_the_next_records_that_count(polls: list[tuple[int, list[int]]], offsets: list[int]) -> None:
    records = list(records_at(Consumer(*polls), Jvm(), ("in", 0), 40, 100))
    assert [(place, offset) for _, place, offset, _, _ in records] == [(40, offset) for offset in offsets]


def test_silent_broker_ends_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POLL_SECONDS", 0.01)
    assert list(records_at(Consumer(), Jvm(), ("in", 0), 40, 100)) == []


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
