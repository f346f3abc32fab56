"""The times of a backlog's samples: of a few all along it, or of all of them.

The samples are judged by the job's own steps.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone

from pyspark.sql import Column, DataFrame, Observation, Row, SparkSession
from pyspark.sql import functions as F

from cpu_anomaly.backlog import Backlog, Probe, Stretch, Times
from cpu_anomaly.consumer import FewRecords, few_records
from cpu_anomaly.formats.input_format import format_of
from cpu_anomaly.guard import guard, is_timely
from cpu_anomaly.modes import Mode, latest_ms
from cpu_anomaly.settings import Settings
from cpu_anomaly.source import read_between
from cpu_anomaly.step import Step
from cpu_anomaly.windows import series_of, window_start_ms

POLL_SECONDS = 15
SCHEMA = "partition int, place long, offset long, timestamp timestamp, timestampType int, key binary, value binary"

# What Kafka's enum TimestampType prints, and its ids, which Spark's column has.
TIMESTAMP_TYPES = {"NoTimestampType": -1, "CreateTime": 0, "LogAppendTime": 1}

# As in SCHEMA.
Record = tuple[int, int, int, datetime, int, bytes | None, bytes | None]


class KafkaProber:
    """Reads from the broker with a client that has these properties, secrets included."""

    def __init__(self, spark: SparkSession, settings: Settings, mode: Mode, client: Mapping[str, str]) -> None:
        self._spark = spark
        self._settings = settings
        self._mode = mode
        self._client = client

    def probe(self, backlog: Backlog) -> list[Probe]:
        """A place has RECORDS_PER_PLACE records."""
        records = list(self._records(backlog))
        # One partition: a few records are not worth a shuffle.
        raw = self._spark.createDataFrame(records, SCHEMA).coalesce(1)
        found = raw.transform(valid_samples(self._settings, self._mode)).transform(times_by_place)
        return [Probe(**row.asDict()) for row in found.collect()]

    def read(self, backlog: Backlog) -> Times:
        """In one Spark job that keeps a row per stretch."""
        # As many tasks as the query's batches have.
        reader = self._spark.read.option("minPartitions", self._spark.sparkContext.defaultParallelism)
        raw = read_between(reader, self._settings.input_topic, backlog.start, backlog.end, self._client)
        counts = Observation()
        found = (
            raw.transform(valid_samples(self._settings, self._mode))
            .transform(observe_windows(self._settings, counts))
            .transform(times_by_stretch(backlog))
        )
        stretches = [stretch_of(backlog, row) for row in found.collect()]
        return Times(stretches, **counts.get)

    def _records(self, backlog: Backlog) -> Iterator[Record]:
        topic = self._settings.input_topic
        places = {(partition, at) for position in backlog.places() for partition, at in position.items()}
        read: dict[str, int] = {}
        with few_records(self._spark, self._client) as reader:
            for partition, at in sorted(places):
                for record in records_at(reader, (topic, int(partition)), at, backlog.end[partition]):
                    # In a small partition, or behind aborted records, two places have the same.
                    if record[2] > read.get(partition, -1):
                        read[partition] = record[2]
                        yield record


def records_at(reader: FewRecords, partition: tuple[str, int], place: int, end: int) -> Iterator[Record]:
    found, _ = reader.read(partition, place, end, time.monotonic() + POLL_SECONDS)
    for record in found:
        at = datetime.fromtimestamp(record.timestamp() / 1000, timezone.utc)
        kind = TIMESTAMP_TYPES[record.timestampType().toString()]
        yield partition[1], place, record.offset(), at, kind, record.key(), record.value()


def valid_samples(settings: Settings, mode: Mode) -> Step:
    """Columns in: key and value. Out: `time_millis` too, with a row for each valid sample."""
    latest = latest_ms(settings, mode, F.lit(round(time.time() * 1000)))
    is_sample = F.col("reason").isNull() & is_timely(latest)
    return lambda raw: raw.transform(format_of(settings).read).transform(guard(settings)).filter(is_sample)


def times() -> list[Column]:
    """Aggregates of the rows of `valid_samples`."""
    return [F.min("time_millis").alias("oldest_ms"), F.max("time_millis").alias("newest_ms")]


def times_by_place(samples: DataFrame) -> DataFrame:
    """Columns in: those of SCHEMA and `valid_samples`. Out: the fields of Probe, for each place that has a sample."""
    place = F.col("place").alias("offset")
    return samples.groupBy(F.col("partition").cast("string").alias("partition"), place).agg(*times())


def observe_windows(settings: Settings, counts: Observation) -> Step:
    """Columns in: those of `valid_samples`, partition and offset. Out: those that `times_by_stretch` needs.

    Counts the series and the windows, give or take a few percent.
    """
    series, window = series_of(settings).alias("series"), window_start_ms(settings).alias("window")
    return lambda samples: (
        samples.select("partition", "offset", "time_millis", series, window)
        .observe(
            counts,
            F.approx_count_distinct("series").alias("series"),
            F.approx_count_distinct(F.struct("series", "window")).alias("windows"),
        )
        .drop("series", "window")
    )


def times_by_stretch(backlog: Backlog) -> Step:
    """Columns in: partition, offset and time_millis. Out: partition, the stretch's `number`, `times` and `samples`."""
    stretch = stretch_number(backlog).alias("number")
    return lambda samples: samples.groupBy("partition", stretch).agg(*times(), F.count(F.lit(1)).alias("samples"))


def stretch_number(backlog: Backlog) -> Column:
    """Which stretch of its partition an offset is in."""
    partitions = range(1 + max(int(each) for each in backlog.end))
    starts = F.array(*(F.lit(backlog.start.get(str(each), 0)) for each in partitions))
    ends = F.array(*(F.lit(backlog.end.get(str(each), 0)) for each in partitions))
    start, end = F.get(starts, F.col("partition")), F.get(ends, F.col("partition"))
    return F.floor((F.col("offset") - start) * backlog.stretches / (end - start))


def stretch_of(backlog: Backlog, row: Row) -> Stretch:
    each, number = str(row.partition), row.number
    start, end = backlog.stretch_start(each, number), backlog.stretch_start(each, number + 1)
    return Stretch(each, start, end, row.oldest_ms, row.newest_ms, row.samples)
