"""Reading a few records all along a backlog, and the times of their samples.

The samples are judged by the job's own steps.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from cpu_anomaly.backlog import Backlog, Probe
from cpu_anomaly.consumer import FewRecords, few_records
from cpu_anomaly.guard import guard
from cpu_anomaly.lines import lines, parse
from cpu_anomaly.modes import Mode, latest_ms
from cpu_anomaly.settings import Settings
from cpu_anomaly.step import Step
from cpu_anomaly.windows import series_of

POLL_SECONDS = 15
SCHEMA = "partition int, place long, offset long, key binary, value binary"

# As in SCHEMA.
Record = tuple[int, int, int, bytes | None, bytes | None]


def probe(
    spark: SparkSession, settings: Settings, mode: Mode, client: Mapping[str, str], backlog: Backlog
) -> list[Probe]:
    """Reads RECORDS_PER_PLACE records at each place of the backlog; places without a valid sample are left out."""
    with few_records(spark, client) as reader:
        places = [(partition, at) for position in backlog.places() for partition, at in position.items()]
        records = [
            record
            for partition, at in sorted(set(places))
            for record in records_at(reader, (settings.input_topic, int(partition)), at, backlog.end[partition])
        ]
    # One partition: a few records are not worth a shuffle.
    found = spark.createDataFrame(records, SCHEMA).coalesce(1).transform(times_of_samples(settings, mode))
    return [Probe(**row.asDict()) for row in found.collect()]


def records_at(reader: FewRecords, partition: tuple[str, int], place: int, end: int) -> Iterator[Record]:
    found, _ = reader.read(partition, place, end, time.monotonic() + POLL_SECONDS)
    for record in found:
        yield partition[1], place, record.offset(), record.key(), record.value()


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
