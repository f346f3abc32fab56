"""Reading from Kafka: the input topic as a stream, and any topic between two positions.

Frames have the columns of Spark's Kafka source, of which the job uses key, value (binary), topic, partition, offset and
timestamp. `client` holds Kafka client properties, secrets included.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from pyspark.sql import DataFrame, DataFrameReader, SparkSession

from cpu_anomaly.admin import PATIENCE
from cpu_anomaly.modes import Mode
from cpu_anomaly.settings import Settings

CONSUMER_OPTIONS = {
    # Large fetches: with Kafka's defaults the consumer, not Spark, limits the throughput on a backlog.
    "max.poll.records": "20000",
    "max.partition.fetch.bytes": str(4 * 1024 * 1024),
    "fetch.max.bytes": str(16 * 1024 * 1024),
    # The size that the operating system finds best: with Kafka's 64 KB, records of 1 kB take 1.5 times as long to read.
    "receive.buffer.bytes": "-1",
    # A short wait: a task that has reached the end of the log asks for the log's bounds, and the broker answers only
    # after the pending fetch on the same connection. Kafka's default of 500 ms delays every batch of a live topic.
    "fetch.max.wait.ms": "10",
    # What a producer's transaction has aborted never counts.
    "isolation.level": "read_committed",
    **PATIENCE,
}
# With PATIENCE, an offset that Spark asks for may stay unknown for three minutes, as long as with the defaults.
OFFSET_ATTEMPTS = 12
# A partition that appeared between the two positions was read from its beginning.
EARLIEST = -2


def read_stream(spark: SparkSession, settings: Settings, mode: Mode, client: Mapping[str, str]) -> DataFrame:
    """The input topic, from where the checkpoint left off."""
    return (
        spark.readStream.format("kafka")
        .options(**prefixed({**CONSUMER_OPTIONS, **client}))
        .option("subscribe", settings.input_topic)
        .option("startingOffsets", settings.starting_offsets)
        .option("failOnDataLoss", "true")
        .option("fetchOffset.numRetries", OFFSET_ATTEMPTS)
        .options(**mode.read_options(spark.sparkContext.defaultParallelism))
        .load()
    )


def read_between(
    reader: DataFrameReader, topic: str, start: Mapping[str, int], end: Mapping[str, int], client: Mapping[str, str]
) -> DataFrame:
    """The records of a topic between two positions: offsets by partition, `start` inclusive and `end` exclusive."""
    from_offsets = {partition: start.get(partition, EARLIEST) for partition in end}
    return (
        reader.format("kafka")
        .options(**prefixed({**CONSUMER_OPTIONS, **client}))
        .option("assign", json.dumps({topic: sorted(int(partition) for partition in end)}))
        .option("startingOffsets", json.dumps({topic: from_offsets}))
        .option("endingOffsets", json.dumps({topic: end}))
        .option("failOnDataLoss", "true")
        .option("fetchOffset.numRetries", OFFSET_ATTEMPTS)
        .load()
    )


def prefixed(client: Mapping[str, str]) -> dict[str, str]:
    """Kafka client properties as options of Spark's Kafka source and sink."""
    return {f"kafka.{name}": value for name, value in client.items()}
