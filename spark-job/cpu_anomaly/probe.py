"""Reading a few records all along a backlog, and the times of their samples.

By a Kafka consumer of the driver: a Spark read for each place would take seconds. The samples are judged by the job's
own steps.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from cpu_anomaly.backlog import RECORDS_PER_PLACE, Backlog, Probe
from cpu_anomaly.guard import guard
from cpu_anomaly.lines import lines, parse
from cpu_anomaly.modes import Mode, latest_ms
from cpu_anomaly.settings import Settings
from cpu_anomaly.source import CONSUMER_OPTIONS
from cpu_anomaly.step import Step
from cpu_anomaly.windows import series_of

# Small fetches: most of a larger one would be discarded.
PROBE_OPTIONS = {"max.poll.records": str(RECORDS_PER_PLACE), "max.partition.fetch.bytes": str(64 * 1024)}
POLL_SECONDS = 15
SCHEMA = "partition int, place long, offset long, key binary, value binary"

# As in SCHEMA.
Record = tuple[int, int, int, bytes | None, bytes | None]


def probe(
    spark: SparkSession, settings: Settings, mode: Mode, client: Mapping[str, str], backlog: Backlog
) -> list[Probe]:
    """Reads RECORDS_PER_PLACE records at each place of the backlog; places without a valid sample are left out."""
    with kafka_consumer(spark, client) as (consumer, jvm):
        places = [(partition, at) for position in backlog.places() for partition, at in position.items()]
        records = [
            record
            for partition, at in sorted(set(places))
            for record in records_at(consumer, jvm, (settings.input_topic, int(partition)), at, backlog.end[partition])
        ]
    # One partition: a few records are not worth a shuffle.
    found = spark.createDataFrame(records, SCHEMA).coalesce(1).transform(times_of_samples(settings, mode))
    return [Probe(**row.asDict()) for row in found.collect()]


def records_at(consumer: Any, jvm: Any, partition: tuple[str, int], place: int, end: int) -> Iterator[Record]:
    """The first records from an offset on. None if all up to `end` are parts of aborted transactions."""
    assigned = jvm.org.apache.kafka.common.TopicPartition(*partition)
    consumer.assign(jvm.java.util.Collections.singletonList(assigned))
    consumer.seek(assigned, place)
    deadline = time.monotonic() + POLL_SECONDS
    found: Iterable[Any] = ()
    while not found and consumer.position(assigned) < end and time.monotonic() < deadline:
        found = list(consumer.poll(jvm.java.time.Duration.ofMillis(100)).records(assigned))
    for record in found:
        yield partition[1], place, record.offset(), record.key(), record.value()


@contextmanager
def kafka_consumer(spark: SparkSession, client: Mapping[str, str]) -> Iterator[tuple[Any, Any]]:
    """A consumer of Kafka in the driver's JVM that belongs to no group, and the JVM."""
    jvm = cast(Any, spark.sparkContext)._jvm
    properties = jvm.java.util.Properties()
    for name, value in {"enable.auto.commit": "false", **CONSUMER_OPTIONS, **PROBE_OPTIONS, **client}.items():
        properties.setProperty(name, value)
    kafka = jvm.org.apache.kafka
    as_bytes = kafka.common.serialization.ByteArrayDeserializer()
    consumer = kafka.clients.consumer.KafkaConsumer(properties, as_bytes, as_bytes)
    try:
        yield consumer, jvm
    finally:
        consumer.close()


def times_of_samples(settings: Settings, mode: Mode) -> Step:
    """Columns in: those of SCHEMA. Out: the fields of Probe, for each place that has a valid sample."""
    latest = latest_ms(settings, mode, F.lit(round(time.time() * 1000)))
    return lambda raw: (
        raw.transform(lines)
        .transform(parse)
        .transform(guard(settings, latest))
        .filter(F.col("reason").isNull())
        .groupBy(F.col("partition").cast("string").alias("partition"), F.col("place").alias("offset"))
        .agg(
            F.min("time_millis").alias("oldest_ms"),
            F.max("time_millis").alias("newest_ms"),
            F.count_distinct("offset").alias("records"),
            F.count(F.lit(1)).alias("samples"),
            F.collect_set(series_of(settings)).alias("series"),
        )
    )
