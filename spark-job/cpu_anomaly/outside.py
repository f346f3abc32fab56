"""What the driver reaches outside of its own process: broker, supervisor, the JVM, and the query that runs there."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql.streaming.listener import StreamingQueryListener
from pyspark.sql.streaming.query import StreamingQuery

from cpu_anomaly.accounting.anomalies import KafkaOutputTopic, OutputTopic
from cpu_anomaly.accounting.audit import Inspector
from cpu_anomaly.catch_up import Phase, Prober
from cpu_anomaly.consumer import few_records
from cpu_anomaly.modes import Mode
from cpu_anomaly.monitor import WallClock
from cpu_anomaly.probe import KafkaProber
from cpu_anomaly.query import start_query
from cpu_anomaly.settings import Settings
from cpu_anomaly.topics import Topics
from cpu_anomaly.unread import UnreadRecords


@dataclass(frozen=True)
class Outside:
    """In one object, so that a test of the driver can put something else there."""

    spark: SparkSession
    listen: Callable[[StreamingQueryListener], None]
    clock: WallClock
    start_query: Callable[[Phase], StreamingQuery]
    topics: Topics
    output: OutputTopic
    inspector: Inspector
    prober: Prober
    unread: UnreadRecords
    report_ready: Callable[[], None]
    report_commit: Callable[[int], None]


def outside_of(
    spark: SparkSession, settings: Settings, mode: Mode, topics: Topics, client: Mapping[str, str]
) -> Outside:
    """`client` holds Kafka client properties, secrets included."""
    return Outside(
        spark=spark,
        listen=spark.streams.addListener,
        clock=WallClock.of_jvm(spark),
        start_query=lambda phase: start_query(spark, phase.settings, phase.mode, client),
        topics=topics,
        output=KafkaOutputTopic(spark, settings.output_topic, topics, client),
        inspector=Inspector(spark, settings, mode, client),
        prober=KafkaProber(spark, settings, mode, client),
        unread=UnreadRecords(settings.input_topic, partial(few_records, spark, client)),
        report_ready=report_ready,
        report_commit=report_commit,
    )


def report_ready() -> None:
    """Tells the supervisor, by the file that it has named. The job runs all the same if that file cannot be written."""
    if file := os.environ.get("CPU_ANOMALY_READY_FILE"):
        try:
            Path(file).touch()
        except OSError:
            traceback.print_exc()


def report_commit(batch: int) -> None:
    """Shows the supervisor the newest commit of a checkpoint that it cannot read: as the name of a file in a folder.

    -1 stands for no commit. The job runs all the same if the folder cannot be written.
    """
    if name := os.environ.get("CPU_ANOMALY_COMMITS"):
        folder = Path(name)
        try:
            folder.mkdir(exist_ok=True)
            (folder / str(batch)).touch()
            for file in folder.iterdir():
                if file.name != str(batch):
                    file.unlink()
        except OSError:
            traceback.print_exc()
