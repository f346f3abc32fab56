"""Reading from Kafka."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pyspark.sql import DataFrame, SparkSession

from cpu_anomaly.settings import Settings

# Large fetches: with Kafka's defaults the consumer, not Spark, bounds a backlog's throughput. And a short wait: a task
# that has read up to the end of the log asks for the log's bounds, and the broker answers that only after the
# fetch that waits for more, on the same connection. By default (500 ms) that delays every batch of a live topic.
CONSUMER_TUNING = {
    "max.poll.records": "20000",
    "max.partition.fetch.bytes": str(4 * 1024 * 1024),
    "fetch.max.bytes": str(16 * 1024 * 1024),
    "fetch.max.wait.ms": "10",
}


def read_stream(spark: SparkSession, settings: Settings, client: Mapping[str, str]) -> DataFrame:
    reader = (
        spark.readStream.format("kafka")
        .options(**prefixed({**CONSUMER_TUNING, **client}))
        .option("subscribe", settings.input_topic)
        .option("startingOffsets", settings.starting_offsets)
        .option("failOnDataLoss", "true")
    )
    if settings.is_real_time:  # records flow through one by one: there is no batch to bound
        return reader.load()
    # As many tasks as cores, though the topic may have one partition: parsing costs more than fetching.
    reader = reader.option("minPartitions", spark.sparkContext.defaultParallelism)
    return reader.option("maxOffsetsPerTrigger", settings.max_offsets_per_trigger).load()


def read_between(
    spark: SparkSession, topic: str, before: Mapping[str, int], end: Mapping[str, int], client: Mapping[str, str]
) -> DataFrame:
    """The records of a topic from one position (by partition, inclusive) to another (exclusive)."""
    earliest = -2  # a partition that appeared in between was read from its beginning
    start = {partition: before.get(partition, earliest) for partition in end}
    return (
        spark.read.format("kafka")
        .options(**prefixed({**CONSUMER_TUNING, **client}))
        .option("assign", json.dumps({topic: sorted(int(partition) for partition in end)}))
        .option("startingOffsets", json.dumps({topic: start}))
        .option("endingOffsets", json.dumps({topic: end}))
        .option("failOnDataLoss", "true")
        .load()
    )


def prefixed(options: Mapping[str, str]) -> dict[str, str]:
    return {f"kafka.{name}": value for name, value in options.items()}
