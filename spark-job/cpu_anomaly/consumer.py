"""A Kafka consumer of the driver, for a look at a few records: a Spark read for each place would take seconds."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from pyspark.sql import SparkSession

from cpu_anomaly.source import CONSUMER_OPTIONS

RECORDS_PER_PLACE = 10
# Small fetches: most of a larger one would be discarded.
SMALL_FETCHES = {"max.poll.records": str(RECORDS_PER_PLACE), "max.partition.fetch.bytes": str(64 * 1024)}
POLL_MS = 100


class FewRecords:
    """Reads the first records at a place. `consumer` is a KafkaConsumer of the JVM."""

    def __init__(self, consumer: Any, jvm: Any) -> None:
        self._consumer = consumer
        self._jvm = jvm

    def read(self, partition: tuple[str, int], start: int, end: int, deadline: float) -> tuple[list[Any], int]:
        """The first records of a topic's partition from an offset on, and up to which offset there are none.

        There are none at all if what is up to `end` are markers of transactions and records of aborted ones. It stops
        passing over them at the deadline, by `time.monotonic`.
        """
        consumer, assigned = self._consumer, self._jvm.org.apache.kafka.common.TopicPartition(*partition)
        consumer.assign(self._jvm.java.util.Collections.singletonList(assigned))
        consumer.seek(assigned, start)
        wait = self._jvm.java.time.Duration.ofMillis(POLL_MS)
        while (position := consumer.position(assigned)) < end and time.monotonic() < deadline:
            if found := list(consumer.poll(wait).records(assigned)):
                return found, found[0].offset()
        return [], position


@contextmanager
def few_records(spark: SparkSession, client: Mapping[str, str]) -> Iterator[FewRecords]:
    """By a consumer that belongs to no group."""
    jvm = cast(Any, spark.sparkContext)._jvm
    properties = jvm.java.util.Properties()
    for name, value in {"enable.auto.commit": "false", **CONSUMER_OPTIONS, **SMALL_FETCHES, **client}.items():
        properties.setProperty(name, value)
    kafka = jvm.org.apache.kafka
    as_bytes = kafka.common.serialization.ByteArrayDeserializer()
    consumer = kafka.clients.consumer.KafkaConsumer(properties, as_bytes, as_bytes)
    try:
        yield FewRecords(consumer, jvm)
    finally:
        consumer.close()
