"""The WARN and ERROR windows in the driver's log, and where they come from if the query does not report them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from cpu_anomaly.event_log import EventLog
from cpu_anomaly.query import MAX_ANOMALIES_PER_BATCH
from cpu_anomaly.source import read_between
from cpu_anomaly.topics import Topics, patiently


@dataclass(frozen=True)
class Anomalies:
    """Windows that are not SAFE: how many there are, and the first MAX_ANOMALIES_PER_BATCH of them."""

    total: int
    first: Sequence[Mapping[str, Any]]


def log_anomalies(log: EventLog, batch: int, anomalies: Anomalies) -> None:
    for anomaly in anomalies.first:
        values = {name: anomaly[name] for name in ("series", "mean", "stddev", "count", "score")}
        log.write(anomaly["status"], window=anomaly["window_start"], **values)
    omitted = anomalies.total - len(anomalies.first)
    if omitted > 0:
        log.write("anomalies_omitted", batch=batch, n=omitted)


def log_unreadable(log: EventLog, topic: str) -> None:
    reason = f"this user lacks READ on topic {topic}, so WARN and ERROR windows are not logged"
    log.write("anomalies_unreadable", topic=topic, reason=reason)


class OutputTopic(Protocol):
    """The output topic, as far as `AnomalyReader` reads it. A position is an offset per partition."""

    @property
    def name(self) -> str:
        """On the broker."""

    def end(self) -> Mapping[str, int]:
        """The position after the last record."""

    def between(self, start: Mapping[str, int], end: Mapping[str, int]) -> DataFrame:
        """The records from one position (inclusive) to another (exclusive): partition, offset, key and value."""


class KafkaOutputTopic:
    """The output topic on the broker: asked by the driver's admin client, read by Spark."""

    def __init__(self, spark: SparkSession, name: str, topics: Topics, client: Mapping[str, str]) -> None:
        self._spark = spark
        self.name = name
        self._topics = topics
        self._client = client

    def end(self) -> Mapping[str, int]:
        return patiently(self._topics.output_end)

    def between(self, start: Mapping[str, int], end: Mapping[str, int]) -> DataFrame:
        return read_between(self._spark.read, self.name, start, end, self._client)


class AnomalyReader:
    """Finds the anomalies among the results that the query has written to the output topic since the last read.

    It starts at the topic's end when the driver starts. That misses nothing: what a batch had written when it was cut
    short is written again when the batch is replayed.
    """

    def __init__(self, topic: OutputTopic) -> None:
        self.topic = topic.name
        self._topic = topic
        self._position = topic.end()
        # A later position, and the last batch that may have written before it.
        self._mark: tuple[int, Mapping[str, int]] | None = None

    def pass_over(self, batch: int, last_commit: Callable[[], int]) -> None:
        """There was no anomaly up to `batch`: moves on, before retention removes the records at the old position."""
        if self._mark is None:
            end = self._topic.end()
            running = last_commit() + 1  # read after `end`: no later batch has written before it
            self._mark = (running, end)
        elif batch >= self._mark[0]:
            self._position, self._mark = self._mark[1], None

    def read_on(self) -> Anomalies:
        """The last value of each window that is an anomaly, in the order of the windows."""
        end = self._topic.end()
        written = self._topic.between(self._position, end)
        last = written.groupBy("key").agg(F.max_by(F.col("value").cast("string"), F.struct("partition", "offset")))
        order = F.struct(F.get_json_object("value", "$.window.start"), "key")
        ((total, first),) = (
            last.toDF("key", "value")
            .filter(F.get_json_object("value", "$.status") != "SAFE")
            .agg(F.count(F.lit(1)), F.min_by("value", order, MAX_ANOMALIES_PER_BATCH))
            .collect()
        )
        self._position, self._mark = end, None
        results = [json.loads(value) for value in first or []]
        return Anomalies(total, [{**result, "window_start": result["window"]["start"]} for result in results])
