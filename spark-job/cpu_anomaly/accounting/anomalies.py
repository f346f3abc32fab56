"""Anomalies in the driver's log."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from cpu_anomaly.event_log import EventLog
from cpu_anomaly.query import MAX_ANOMALIES_A_BATCH
from cpu_anomaly.settings import Settings
from cpu_anomaly.source import read_between
from cpu_anomaly.topics import end_offsets


@dataclass(frozen=True)
class Anomalies:
    """Windows that are not SAFE: how many there are, and the first of them, up to `MAX_ANOMALIES_A_BATCH`."""

    total: int
    first: Sequence[Mapping[str, Any]]


class AnomalyReader:
    """In real-time mode, the anomalies of an interval: what the output topic holds of them since the last look.

    It begins where the topic ends when the driver starts. What an interval that was cut short had written is written
    again by its replay, so nothing is overlooked.
    """

    def __init__(self, spark: SparkSession, settings: Settings, client: Mapping[str, str]) -> None:
        self._spark = spark
        self._topic = settings.output_topic
        self._client = client
        self._position = self._end()
        # The last batch that may have written before a position, and that position.
        self._mark: tuple[int, Mapping[str, int]] | None = None

    def _end(self) -> Mapping[str, int]:
        return end_offsets(self._spark, self._topic, self._client)

    def pass_over(self, batch: int, last_commit: Callable[[], int]) -> None:
        """Up to `batch` there was no anomaly since the last look: moves on, or else retention would overtake it."""
        if self._mark is None:
            end = self._end()
            running = last_commit() + 1  # read afterwards: nothing before `end` is of a batch that comes later
            self._mark = (running, end)
        elif batch >= self._mark[0]:
            self._position, self._mark = self._mark[1], None

    def read_on(self) -> Anomalies:
        """The last value of each window that is an anomaly, in the order of the windows."""
        end = self._end()
        written = read_between(self._spark, self._topic, self._position, end, self._client)
        last = written.groupBy("key").agg(F.max_by(F.col("value").cast("string"), F.struct("partition", "offset")))
        order = F.struct(F.get_json_object("value", "$.window.start"), "key")
        ((total, first),) = (
            last.toDF("key", "value")
            .filter(F.get_json_object("value", "$.status") != "SAFE")
            .agg(F.count(F.lit(1)), F.min_by("value", order, MAX_ANOMALIES_A_BATCH))
            .collect()
        )
        self._position, self._mark = end, None
        results = [json.loads(value) for value in first or []]
        return Anomalies(total, [{**result, "window_start": result["window"]["start"]} for result in results])


def log_anomalies(log: EventLog, batch: int, anomalies: Anomalies) -> None:
    for anomaly in anomalies.first:
        values = {name: anomaly[name] for name in ("series", "mean", "stddev", "count", "score")}
        log.write(anomaly["status"], window=anomaly["window_start"], **values)
    omitted = anomalies.total - len(anomalies.first)
    if omitted > 0:
        log.write("anomalies_omitted", batch=batch, n=omitted)
