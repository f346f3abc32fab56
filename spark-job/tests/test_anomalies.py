"""The WARN and ERROR windows in the driver's log."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from conftest import SettingsOf
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from cpu_anomaly.accounting import anomalies
from cpu_anomaly.accounting.auditor import Auditor
from cpu_anomaly.accounting.progress import Batch
from cpu_anomaly.driver import Watch
from cpu_anomaly.event_log import EventLog, iso_time
from cpu_anomaly.query import MAX_ANOMALIES_A_BATCH

T0 = 1_700_000_000
Result = dict[str, object]
Log = Callable[..., list[str]]


def result(nth: int, status: str, count: int = 1) -> Result:
    start = {"start": iso_time(T0 + nth)}
    return {"window": start, "series": "", "status": status, "mean": 20.5, "stddev": None, "count": count, "score": 2.2}


def line(nth: int, status: str, count: int = 1) -> str:
    return f"{status} window={iso_time(T0 + nth)} series= mean=20.5 stddev= count={count} score=2.2"


def lines_of(out: io.StringIO) -> list[str]:
    """Without their times, and without the progress."""
    return [text.split(" ", 1)[1] for text in out.getvalue().splitlines() if " progress " not in text]


class Topic:
    """Stands for the broker: the output topic, of which retention has removed what comes before `first`."""

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark
        self._records: list[tuple[int, str, str]] = []
        self.first = 0

    def write(self, results: Sequence[Result]) -> None:
        for each in results:
            self._records.append((len(self._records), str(each["window"]), json.dumps(each)))

    def end(self) -> int:
        return len(self._records)

    def read(self, before: int, end: int) -> DataFrame:
        assert before >= self.first, "KAFKA_DATA_LOSS"
        written = self._spark.createDataFrame(self._records[before:end], "offset long, key string, value string")
        binary = {name: F.col(name).cast("binary") for name in ("key", "value")}
        return written.withColumns(binary).withColumn("partition", F.lit(0))


@pytest.fixture
def topic(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> Topic:
    topic = Topic(spark)
    monkeypatch.setattr(anomalies, "end_offsets", lambda *_: {"0": topic.end()})
    monkeypatch.setattr(anomalies, "read_between", lambda _s, _t, before, end, _c: topic.read(before["0"], end["0"]))
    return topic


@pytest.fixture
def real_time(spark: SparkSession, settings_of: SettingsOf, tmp_path: Path, topic: Topic) -> Log:
    """What is logged of an interval, from the results it wrote and the counts that Spark reports of them."""
    commits = tmp_path / "commits"
    commits.mkdir()
    out = io.StringIO()
    auditor = Auditor(spark, settings_of(trigger="real-time", checkpoint=str(tmp_path)), {}, EventLog(out))

    def log(number: int, *results: Result, committed: int | None = None, **counts: int) -> list[str]:
        topic.write(results)
        (commits / str(number if committed is None else committed)).touch()
        already = len(lines_of(out))
        auditor.start()
        auditor.submit(Batch(number, lines=0, left_out=False, windows=counts, summary={}))
        auditor.finish()
        return lines_of(out)[already:]

    return log


def test_interval_shows_each_anomalous_window_once_as_it_was_at_the_end(real_time: Log) -> None:
    first = [result(2, "WARN"), result(1, "WARN"), result(1, "ERROR", 2), result(3, "WARN"), result(3, "SAFE", 2)]
    assert real_time(0, *first, safe=1, warn=3, error=1) == [line(1, "ERROR", 2), line(2, "WARN")]
    assert real_time(1, result(4, "WARN"), warn=1) == [line(4, "WARN")]


def test_interval_says_how_many_windows_beyond_the_bound_it_does_not_show(real_time: Log) -> None:
    many = [result(nth, "WARN", count) for nth in range(MAX_ANOMALIES_A_BATCH + 3) for count in (1, 2)]
    *windows, last = real_time(0, *many, warn=len(many))
    assert windows == [line(nth, "WARN", 2) for nth in range(MAX_ANOMALIES_A_BATCH)]
    assert last == "anomalies_omitted batch=0 n=3"


def test_long_time_without_an_anomaly_outlasts_what_the_topic_keeps(real_time: Log, topic: Topic) -> None:
    for number in range(6):
        assert real_time(number, result(number, "SAFE"), safe=1) == []
    topic.first = 3
    assert real_time(6, result(6, "WARN"), warn=1) == [line(6, "WARN")]


@pytest.mark.parametrize("quiet", [1, 2, 3])
def test_anomaly_that_the_next_interval_has_written_already_is_not_passed_over(real_time: Log, quiet: int) -> None:
    for number in range(quiet - 1):
        real_time(number, result(number, "SAFE"), safe=1)
    assert real_time(quiet - 1, result(9, "WARN"), safe=0) == []
    assert real_time(quiet, warn=1) == [line(9, "WARN")]


def test_anomaly_of_an_interval_that_runs_while_reports_are_late_is_not_passed_over(real_time: Log) -> None:
    assert real_time(0, result(9, "WARN"), committed=1) == []
    assert real_time(1, committed=1) == []
    assert real_time(2, warn=1) == [line(9, "WARN")]


@pytest.mark.parametrize(("omitted", "told"), [(0, []), (3, ["anomalies_omitted batch=7 n=3"])])
def test_micro_batch_says_so_too(omitted: int, told: list[str]) -> None:
    anomalies = [{**result(nth, "ERROR"), "window_start": iso_time(T0 + nth)} for nth in range(MAX_ANOMALIES_A_BATCH)]
    windows = {"warn": omitted, "error": MAX_ANOMALIES_A_BATCH, "anomalies": json.dumps(anomalies)}
    progress = {
        "batchId": 7,
        "numInputRows": 0,
        "sources": [{}],
        "stateOperators": [],
        "observedMetrics": {"windows": windows},
        "eventTime": {},
        "durationMs": {},
    }
    out = io.StringIO()
    watch = Watch(cast(Any, SimpleNamespace(submit=lambda _: None)), EventLog(out))
    watch.onQueryProgress(cast(Any, SimpleNamespace(progress=SimpleNamespace(json=json.dumps(progress)))))
    assert lines_of(out) == [
        "ready batch=7",
        *(line(nth, "ERROR") for nth in range(MAX_ANOMALIES_A_BATCH)),
        *told,
    ]
