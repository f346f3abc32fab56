"""Samples that are ahead of the clock by more than the watermark's delay."""

from __future__ import annotations

import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from conftest import SettingsOf, lines_of, offset_log
from pyspark.sql import SparkSession
from spark_reports import progress_event

from cpu_anomaly.accounting import audit as audit_module
from cpu_anomaly.accounting.audit import Audit, Inspector
from cpu_anomaly.accounting.checkpoint import Checkpoint
from cpu_anomaly.accounting.clock import ClockWatch
from cpu_anomaly.accounting.progress import Batch
from cpu_anomaly.event_log import EventLog
from cpu_anomaly.modes import mode_of

NOW = 1_700_000_000_000


class Case:
    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self.audited: list[int] = []
        self._out = io.StringIO()
        for number in range(6):
            (folder / "offsets" / str(number)).write_text(offset_log({"in": {"0": 10 * (number + 1)}}))
        inspector = cast(Any, SimpleNamespace(newest_sample=self._newest_sample, watermark_ms=10_000))
        self._watch = ClockWatch(inspector, Checkpoint.of(spark, str(folder)), EventLog(self._out))

    def _newest_sample(self, audit: Audit) -> dict[str, object]:
        self.audited.append(audit.batch)
        return {"time_millis": NOW + 290_123, "series": "web 1", "partition": 2, "offset": 7}

    def check(self, number: int, at_ms: int, ahead_ms: int | None) -> None:
        newest = None if ahead_ms is None else at_ms + ahead_ms
        self._watch.check(Batch(number, 10, False, {}, {}, ended_ms=at_ms, newest_ms=newest))

    def check_report(self, event: Any) -> None:
        self._watch.check(Batch.from_progress(json.loads(event.progress.json)))

    def log(self) -> list[str]:
        return lines_of(self._out)


@pytest.fixture
def case(spark: SparkSession, checkpoint_folder: Path) -> Case:
    return Case(spark, checkpoint_folder)


@pytest.mark.parametrize("ahead_ms", [None, -5_000, 0, 10_000])
def test_samples_that_make_nothing_late_cost_nothing(case: Case, ahead_ms: int | None) -> None:
    case.check(1, NOW, ahead_ms)
    assert (case.audited, case.log()) == ([], [])


def test_sample_that_makes_the_present_late_is_named(case: Case) -> None:
    case.check(1, NOW, 290_000)
    assert case.log() == [
        "ahead_of_clock batch=1 time=2023-11-14T22:18:10.123Z ahead_ms=290123 "
        'series="web 1" partition=2 offset=7 late_until=2023-11-14T22:18:00.000Z'
    ]


def test_it_is_told_once_while_it_lasts(case: Case) -> None:
    case.check(1, NOW, 60_000)
    case.check(2, NOW + 40_000, 60_000)
    case.check(3, NOW + 80_000, 60_000)
    assert case.audited == [1]
    case.check(4, NOW + 80_000 + 50_000, 5_000)
    case.check(5, NOW + 80_000 + 51_000, 60_000)
    assert case.audited == [1, 5]


def test_samples_that_arrive_while_a_batch_lasts_are_not_ahead(case: Case) -> None:
    lasting: dict[str, Any] = {
        "durationMs": {"triggerExecution": 60_000},
        "eventTime": {"max": "2023-11-14T22:14:19.500Z"},
    }
    case.check_report(progress_event(1, **lasting))
    assert (case.audited, case.log()) == ([], [])


@pytest.mark.parametrize(("group_by", "series"), [("none", ""), ("key", "b")])
def test_newest_sample_is_the_newest_that_was_used(
    spark: SparkSession, settings_of: SettingsOf, monkeypatch: pytest.MonkeyPatch, group_by: str, series: str
) -> None:
    settings = settings_of(input_topic="in", group_by=group_by)
    lines = [(b"a", f"{NOW},1"), (b"b", f"{NOW + 5},1\n{NOW + 9},1"), (b"c", f"{NOW + 300_001},1"), (b"c", "bad")]
    rows = [("in", 1, offset, None, key, line.encode()) for offset, (key, line) in enumerate(lines)]
    schema = "topic string, partition int, offset long, timestamp timestamp, key binary, value binary"
    monkeypatch.setattr(audit_module, "read_between", lambda *_: spark.createDataFrame(rows, schema))
    inspector = Inspector(spark, settings, mode_of(settings), {})
    newest = inspector.newest_sample(Audit(3, {}, {"in": {"1": 4}}, NOW, 0))
    assert newest
    assert newest.asDict() == {"time_millis": NOW + 9, "series": series, "partition": 1, "offset": 1}
