"""The WARN and ERROR windows of real-time mode in the driver's log."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import cast

import pytest
from conftest import lines_of
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from thrown import FromJavaError, refused

from cpu_anomaly.accounting.anomalies import AnomalyReader
from cpu_anomaly.accounting.audit import Inspector
from cpu_anomaly.accounting.auditor import Auditor
from cpu_anomaly.accounting.checkpoint import Checkpoint
from cpu_anomaly.accounting.progress import Batch
from cpu_anomaly.event_log import EventLog, iso_time
from cpu_anomaly.query import MAX_ANOMALIES_PER_BATCH

T0 = 1_700_000_000
Result = dict[str, object]
Log = Callable[..., list[str]]


def result(nth: int, status: str, count: int = 1) -> Result:
    start = {"start": iso_time(T0 + nth)}
    return {"window": start, "series": "", "status": status, "mean": 20.5, "stddev": None, "count": count, "score": 2.2}


def line(nth: int, status: str, count: int = 1) -> str:
    return f"{status} window={iso_time(T0 + nth)} series= mean=20.5 stddev= count={count} score=2.2"


def anomalies_of(out: io.StringIO) -> list[str]:
    return [line for line in lines_of(out) if not line.startswith("progress ")]


class Topic:
    """Stands in for the broker: an output topic, from which retention has removed the records before `first`."""

    name = "out"

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark
        self._records: list[tuple[int, str, str]] = []
        self.first = 0
        self.error: Exception | None = None

    def write(self, results: Sequence[Result]) -> None:
        for each in results:
            self._records.append((len(self._records), str(each["window"]), json.dumps(each)))

    def end(self) -> Mapping[str, int]:
        return {"0": len(self._records)}

    def between(self, start: Mapping[str, int], end: Mapping[str, int]) -> DataFrame:
        assert start["0"] >= self.first, "KAFKA_DATA_LOSS"
        if self.error:
            raise self.error
        records = self._records[start["0"] : end["0"]]
        written = self._spark.createDataFrame(records, "offset long, key string, value string")
        binary = {name: F.col(name).cast("binary") for name in ("key", "value")}
        return written.withColumns(binary).withColumn("partition", F.lit(0))


@pytest.fixture
def topic(spark: SparkSession) -> Topic:
    return Topic(spark)


@pytest.fixture
def real_time(spark: SparkSession, tmp_path: Path, topic: Topic) -> Log:
    """What is logged for an interval, given the results that it wrote and the counts that Spark reports."""
    commits = tmp_path / "commits"
    commits.mkdir()
    out = io.StringIO()
    inspector = cast(Inspector, None)  # not needed: these batches left nothing out
    auditor = Auditor(spark, Checkpoint.of(spark, str(tmp_path)), inspector, AnomalyReader(topic), EventLog(out))

    def log(number: int, *results: Result, committed: int | None = None, **counts: int) -> list[str]:
        topic.write(results)
        (commits / str(number if committed is None else committed)).touch()
        already = len(anomalies_of(out))
        auditor.start()
        auditor.submit(Batch(number, lines=0, left_out=False, windows=counts, summary={}))
        auditor.finish()
        return anomalies_of(out)[already:]

    return log


def test_interval_shows_each_anomalous_window_once_as_it_was_at_the_end(real_time: Log) -> None:
    first = [result(2, "WARN"), result(1, "WARN"), result(1, "ERROR", 2), result(3, "WARN"), result(3, "SAFE", 2)]
    assert real_time(0, *first, safe=1, warn=3, error=1) == [line(1, "ERROR", 2), line(2, "WARN")]
    assert real_time(1, result(4, "WARN"), warn=1) == [line(4, "WARN")]


def test_interval_says_how_many_windows_beyond_the_bound_it_omits(real_time: Log) -> None:
    many = [result(nth, "WARN", count) for nth in range(MAX_ANOMALIES_PER_BATCH + 3) for count in (1, 2)]
    *windows, last = real_time(0, *many, warn=len(many))
    assert windows == [line(nth, "WARN", 2) for nth in range(MAX_ANOMALIES_PER_BATCH)]
    assert last == "anomalies_omitted batch=0 n=3"


def test_long_time_without_an_anomaly_outlasts_the_topics_retention(real_time: Log, topic: Topic) -> None:
    for number in range(6):
        assert real_time(number, result(number, "SAFE"), safe=1) == []
    topic.first = 3
    assert real_time(6, result(6, "WARN"), warn=1) == [line(6, "WARN")]


@pytest.mark.parametrize("quiet", [1, 2, 3])
def test_anomaly_that_the_next_interval_has_already_written_is_not_passed_over(real_time: Log, quiet: int) -> None:
    for number in range(quiet - 1):
        real_time(number, result(number, "SAFE"), safe=1)
    assert real_time(quiet - 1, result(9, "WARN"), safe=0) == []
    assert real_time(quiet, warn=1) == [line(9, "WARN")]


def test_anomaly_of_an_interval_that_runs_while_reports_are_late_is_not_passed_over(real_time: Log) -> None:
    assert real_time(0, result(9, "WARN"), committed=1) == []
    assert real_time(1, committed=1) == []
    assert real_time(2, warn=1) == [line(9, "WARN")]


def test_results_that_may_no_longer_be_read_are_said_once_and_the_batches_are_accounted_for(
    real_time: Log, topic: Topic
) -> None:
    topic.error = refused("TopicAuthorization")
    assert [text.partition(" reason=")[0] for text in real_time(0, result(1, "WARN"), warn=1)] == [
        "anomalies_unreadable topic=out"
    ]
    assert real_time(1, result(2, "WARN"), warn=1) == []


def test_other_failure_to_read_the_results_ends_the_accounting(real_time: Log, topic: Topic) -> None:
    topic.error = refused("Timeout")
    with pytest.raises(FromJavaError):
        real_time(0, result(1, "WARN"), warn=1)
