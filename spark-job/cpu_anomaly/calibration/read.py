"""From a topic or a file to samples and windows, by the job's own steps in a batch read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from cpu_anomaly.admin import WAIT_MS, bounds_of, open_admin
from cpu_anomaly.baseline import hour_of_week
from cpu_anomaly.calibration.request import Request
from cpu_anomaly.formats.input_format import format_of
from cpu_anomaly.guard import guard, judge_future
from cpu_anomaly.modes import latest_ms, mode_of
from cpu_anomaly.settings import Settings
from cpu_anomaly.source import read_between
from cpu_anomaly.step import Step
from cpu_anomaly.topics import Bounds
from cpu_anomaly.windows import in_windows, sample_columns, window_stats

# `produce` sends a file without a key, or with the name of the machine: one series either way.
FILE_COLUMNS = ("CAST(NULL AS binary) AS key", "CAST(value AS binary) AS value")
FILE_WITH_SERIES = (
    "CAST(regexp_extract(value, '^[^,]*,[^,]*,(.*)$', 1) AS binary) AS key",
    "CAST(substring_index(value, ',', 2) AS binary) AS value",
)
# A first line of this kind is a header, also for `produce` (`produce/sample.ts`).
HEADER = r"\A\ufeff?\s*\"?[A-Za-z_][^,]*,\s*\"?[A-Za-z_][^,]*\z"


def read_raw(spark: SparkSession, settings: Settings, request: Request, client: Mapping[str, str]) -> DataFrame:
    """Columns out: key and value (binary), as from Kafka."""
    if request.file is not None:
        # A line may end in `\r\n`, which the job takes for whitespace.
        text = spark.read.option("lineSep", "\n").text(request.file)
        is_first = F.monotonically_increasing_id() == 0
        text = text.filter(~(is_first & F.col("value").rlike(HEADER)))
        return text.selectExpr(*(FILE_WITH_SERIES if request.file_has_series else FILE_COLUMNS))
    return read_topic(spark, settings.input_topic, client)


def read_topic(spark: SparkSession, topic: str, client: Mapping[str, str]) -> DataFrame:
    """All committed records of a topic that are there now, read by as many tasks as there are cores."""
    admin, jvm = open_admin(spark, client)
    try:
        bounds: Bounds = bounds_of(admin, jvm, topic, WAIT_MS)
    finally:
        admin.close()
    reader = spark.read.option("minPartitions", max(spark.sparkContext.defaultParallelism, bounds.partitions))
    return read_between(reader, topic, bounds.earliest, bounds.end, client)


def judged(settings: Settings) -> Step:
    """Columns in: key and value (binary). Adds time_millis, cpu and reason. What the job does with a record first."""
    now_ms = F.unix_millis(F.current_timestamp())
    latest = latest_ms(settings, mode_of(settings), now_ms)
    return lambda raw: (
        raw.transform(format_of(settings).read).transform(guard(settings)).transform(judge_future(latest))
    )


def narrow(settings: Settings, request: Request) -> Step:
    """Columns in: those of `judged`. Out: series (if there are several), window_start, cpu, reason.

    Without the samples of windows that are not asked for. Spark keeps the rows, because they are read several times: on
    disk, since a topic has more of them than the driver has memory.
    """
    wanted = F.col("window_start").isNull() | is_wanted(settings, request)
    return lambda given: (
        given.select(*sample_columns(settings), "reason")
        .transform(in_windows(settings))
        .drop("time_millis")
        .filter(wanted)
        .persist(StorageLevel.DISK_ONLY)
    )


def is_wanted(settings: Settings, request: Request) -> Column:
    """True for a `window_start` that begins at `since_ms` or later and overlaps no excluded time."""
    start_ms = F.unix_millis("window_start")
    conditions = [start_ms >= request.since_ms] if request.since_ms is not None else []
    outside = [(start_ms >= end) | (start_ms + settings.window_ms <= start) for start, end in request.exclude]
    return reduce(lambda one, other: one & other, [*conditions, *outside], F.lit(True))


def samples_of(request: Request, kept: DataFrame) -> DataFrame:
    """The samples among the rows of `narrow`, with the dimensions of the request."""
    return in_use(kept).transform(with_hour(request))


def in_use(kept: DataFrame) -> DataFrame:
    """The rows of `narrow` that are samples."""
    return kept.filter(F.col("window_start").isNotNull())


def windows_of(settings: Settings, request: Request, kept: DataFrame) -> DataFrame:
    """The windows of the rows of `narrow`: columns of `window_stats`, dimensions of the request, and `with_place`."""
    windows = in_use(kept).transform(window_stats(settings)).transform(with_hour(request))
    return windows.transform(with_place(request)).persist()


def with_place(request: Request) -> Step:
    """Adds `place`, that of a window among those of its series, from 1. A check needs none.

    It is kept with the windows, since it takes a sort of all of them.
    """
    if request.check:
        return lambda given: given
    in_order = Window.partitionBy("series").orderBy("window_start")
    return lambda given: given.withColumn("place", F.row_number().over(in_order))


def with_hour(request: Request) -> Step:
    """Adds `hour`, the hour of the week by which a baseline has its rows, if it is asked for."""
    if not request.by_hour:
        return lambda given: given
    return lambda given: given.withColumn("hour", hour_of_week(F.col("window_start"), request.timezone))
