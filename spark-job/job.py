"""CPU anomaly detection: one Spark Structured Streaming query from Kafka to Kafka.

Reads top to bottom: settings, source, parse, guard, watermark and window, classify, sink; then the accounting
of what the query left out (records it can't use, late samples); `main` comes last. Nothing runs at import.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timezone
from functools import reduce
from itertools import islice, takewhile
from pathlib import Path
from typing import Any, TextIO, cast

from py4j.protocol import Py4JJavaError
from pyspark import SparkContext
from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming.listener import (
    QueryIdleEvent,
    QueryProgressEvent,
    QueryStartedEvent,
    QueryTerminatedEvent,
    StreamingQueryListener,
)
from pyspark.sql.streaming.query import StreamingQuery
from pyspark.sql.streaming.readwriter import DataStreamWriter

# The template's only hole: rendering replaces the quoted token by a Python string literal that holds JSON.
SETTINGS_JSON = "{{SETTINGS_JSON}}"

Step = Callable[[DataFrame], DataFrame]

# ---------------------------------------------------------------------------------------------- settings


class ConfigurationError(Exception):
    """No restart will cure it."""


@dataclass(frozen=True)
class Settings:
    """The names are a contract with the orchestrator, which renders them."""

    app_name: str
    normal_mean: float
    normal_stddev: float
    direction: str
    window_ms: int
    watermark_ms: int
    max_future_skew_ms: int
    cpu_min: float | None
    cpu_max: float | None
    group_by: str
    input_topic: str
    output_topic: str
    dead_letter_topic: str
    bootstrap_servers: str
    kafka_options: Mapping[str, str]
    kafka_secrets_file: str | None
    starting_offsets: str
    max_offsets_per_trigger: int
    trigger: str
    trigger_interval_ms: int
    checkpoint_interval_ms: int
    checkpoint: str

    @staticmethod
    def from_json(text: str) -> Settings:
        try:
            settings = Settings(**json.loads(text))
        except (TypeError, ValueError) as error:
            raise ConfigurationError(f"the rendered settings do not fit this job: {error}") from error
        if settings.direction not in ("high", "low", "both"):
            raise ConfigurationError(f"direction: {settings.direction!r} is none of high, low, both")
        if settings.group_by not in ("none", "key"):
            raise ConfigurationError(f"group_by: {settings.group_by!r} is none of none, key")
        if settings.trigger not in ("micro-batch", "real-time"):
            raise ConfigurationError(f"trigger: {settings.trigger!r} is none of micro-batch, real-time")
        return settings

    @property
    def is_real_time(self) -> bool:
        return self.trigger == "real-time"

    @property
    def future_ms(self) -> int:
        """How far ahead of its batch's time a sample may be. In real-time mode a batch lasts an interval."""
        return self.max_future_skew_ms + (self.checkpoint_interval_ms if self.is_real_time else 0)


def kafka_client_options(settings: Settings) -> dict[str, str]:
    """Kafka client properties, secrets included: never to be logged."""
    secrets: dict[str, str] = {}
    if settings.kafka_secrets_file:
        secrets = json.loads(Path(settings.kafka_secrets_file).read_text(encoding="utf-8"))
    return {"bootstrap.servers": settings.bootstrap_servers, **settings.kafka_options, **secrets}


# ------------------------------------------------------------------------------------------------ source

# Large fetches: with Kafka's defaults the consumer, not Spark, bounds a backlog's throughput. And a short wait: a task
# that has read up to the end of the log asks for the log's bounds, and the broker answers that only after the
# fetch that waits for more, on the same connection. By default (500 ms) that delays every batch of a live topic.
CONSUMER_TUNING = {
    "max.poll.records": "20000",
    "max.partition.fetch.bytes": str(4 * 1024 * 1024),
    "fetch.max.bytes": str(16 * 1024 * 1024),
    "fetch.max.wait.ms": "10",
}


def prefixed(options: Mapping[str, str]) -> dict[str, str]:
    return {f"kafka.{name}": value for name, value in options.items()}


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


# ------------------------------------------------------------------------------------------------- parse

MAX_RECORD_BYTES = 1024 * 1024
MAX_LINE_BYTES = 1024
MAX_KEY_BYTES = 1024
BLANKS = " \t\r\n"


def lines(raw: DataFrame) -> DataFrame:
    """A row a line: a record may carry several samples. What ends the last line begins no further one.

    `line` is null where there is nothing to look at: no value, or an oversized one. Bytes that are no UTF-8 are
    replaced here when a record is split, which makes no bad line a good one; `exact_lines` keeps them.
    """
    text = F.when(F.octet_length("value") <= MAX_RECORD_BYTES, F.col("value").cast("string"))
    return raw.withColumn("line", F.explode(lines_of(text)))


def lines_of(text: Column) -> Column:
    """An array of the lines; nearly every record has one, and is spared the split.

    `rtrim` walks the whole text, so it is left to a text that goes on with blanks before its last line end.
    """
    is_ended = F.endswith(text, F.lit("\n"))
    chomped = F.substring(text.cast("binary"), F.lit(1), F.octet_length(text) - is_ended.cast("int"))
    goes_on = F.substring(chomped, -1, 1) <= F.lit(b" ")
    trimmed = F.when(goes_on, F.rtrim(text, F.lit(BLANKS))).otherwise(chomped.cast("string"))
    return F.when(F.contains(text, F.lit("\n")), F.split(trimmed, "\n")).otherwise(F.array(text))


def exact_lines(raw: DataFrame) -> DataFrame:
    """The same rows as `lines`, byte by byte and with `line_number` (null in a record of one line): for the audit."""
    text = F.when(F.octet_length("value") <= MAX_RECORD_BYTES, F.decode("value", "ISO-8859-1"))
    return (
        raw.withColumn("fields", lines_of(text))
        .select("*", F.posexplode("fields").alias("position", "latin"))
        .withColumn("line", F.encode("latin", "ISO-8859-1").cast("string"))
        .withColumn("line_number", F.when(F.size("fields") > 1, F.col("position")))
        .drop("fields", "position", "latin")
    )


def parse(split: DataFrame) -> DataFrame:
    """Splits `time_millis,cpu` and casts both; null where that can't be done. `guard` decides what is accepted.

    A time of thirteen bytes and a comma behind it, which is nearly every line, is cut out by position: that costs
    less than a search for the comma (`substring_index`), which in turn costs half of what `split` or `from_csv` do.
    Where a line has further commas the two differ, but then it is refused for them. An oversized line is not looked at.
    """
    text, octets = F.col("text"), F.col("text").cast("binary")
    by_position = F.substring(octets, 14, 1) == F.lit(b",")
    time_text = F.when(by_position, F.substring(octets, 1, 13).cast("string"))
    cpu_text = F.when(by_position, F.substring(octets, 15, MAX_LINE_BYTES).cast("string"))
    return (
        split.withColumn("text", F.when(F.octet_length("line") <= MAX_LINE_BYTES, F.col("line")))
        .withColumn("time_text", time_text.otherwise(F.substring_index(text, ",", 1)))
        .withColumn("cpu_text", cpu_text.otherwise(F.substring_index(text, ",", -1)))
        .withColumn("time_millis", F.col("time_text").try_cast("bigint"))
        .withColumn("cpu", F.col("cpu_text").try_cast("double"))
    )


# ------------------------------------------------------------------------------------------------- guard

REASONS = (
    "empty",
    "too_long",
    "not_utf8",
    "field_count",
    "bad_timestamp",
    "timestamp_unit",
    "bad_cpu",
    "not_finite",
    "out_of_range",
    "future",
)

# Milliseconds since 1970 have 13 digits from September 2001 on; fewer are seconds, or no clock at all.
EARLIEST_TIME_MILLIS = 10**12
# Beyond this magnitude a window's variance is not finite even though each sample is.
LARGEST_CPU = 1e150

# `\z`, not `$`: that would let a line terminator such as U+0085 pass at the end.
BLANK = rf"\A[{BLANKS}]*\z"
INTEGER = r"\A-?[0-9]+\z"
DECIMAL = r"\A[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\z"
NOT_A_NUMBER = r"\A[+-]?(?i:nan|inf|infinity)\z"


def guard(settings: Settings, now_ms: Column) -> Step:
    """Adds `reason`: null for a sample to be used, else why it can't be."""
    reason = F.when(~is_plain(settings, now_ms), rejection(settings, now_ms))
    return lambda parsed: parsed.withColumn("reason", reason)


def is_plain(settings: Settings, now_ms: Column) -> Column:
    """Is it, beyond doubt, a usable sample without blanks or sign? Nearly all are, and are spared `rejection`.

    Spark's casts accept more than the format does: they strip control characters, and read `1d`, `1f` and `0x1p3` as
    numbers. Thirteen bytes that make a number above 10^12 can only be digits; a number whose first and last
    characters are digits has no suffix and nothing to strip, and a hexadecimal one sorts between `0A` and `1`.
    """
    time_text, cpu_text = F.col("time_text"), F.col("cpu_text")
    last = F.substring(cpu_text.cast("binary"), -1, 1)
    only_two_fields = F.octet_length(cpu_text) == F.octet_length("text") - 14
    plain = (
        (F.octet_length(time_text) == 13)
        & only_two_fields
        & F.col("time_millis").between(EARLIEST_TIME_MILLIS, now_ms + settings.future_ms)
        & (F.abs("cpu") <= LARGEST_CPU)
        & in_range(settings)
        & (((cpu_text >= "0") & (cpu_text < "0A")) | ((cpu_text >= "1") & (cpu_text < ":")))
        & last.between(F.lit(b"0"), F.lit(b"9"))
    )
    if settings.group_by == "key":
        plain = plain & (key_rejection().isNull())
    return F.coalesce(plain, F.lit(False))


def rejection(settings: Settings, now_ms: Column) -> Column:
    """The whole rule, in words of `REASONS`; cheap checks first, so that what is huge or broken costs nothing."""
    text, time_millis, cpu = F.col("text"), F.col("time_millis"), F.col("cpu")
    time_text, cpu_text = F.btrim("time_text", F.lit(BLANKS)), F.btrim("cpu_text", F.lit(BLANKS))
    fields_given = F.octet_length(F.regexp_replace(text, "[^,]", "")) + 1
    reason = (
        F.when(F.col("value").isNull(), "empty")
        .when(text.isNull(), "too_long")
        # A byte order mark is what UTF-16 and some editors begin with; no field begins with it.
        .when(~F.is_valid_utf8(text) | text.startswith("\ufeff"), "not_utf8")
        .when(text.rlike(BLANK), "empty")
        .when((fields_given != 2) | (time_text == "") | (cpu_text == ""), "field_count")
        .when(~time_text.rlike(INTEGER), "bad_timestamp")
        .when(time_millis.isNull() | (time_millis < EARLIEST_TIME_MILLIS), "timestamp_unit")
        .when(cpu_text.rlike(NOT_A_NUMBER), "not_finite")
        .when(~cpu_text.rlike(DECIMAL), "bad_cpu")
        # NaN would sort above every number; an infinite mean is no JSON.
        .when(F.isnull(cpu) | (F.abs(cpu) > LARGEST_CPU), "not_finite")
        .when(~in_range(settings), "out_of_range")
        .when(time_millis > now_ms + settings.future_ms, "future")
    )
    return reason.otherwise(key_rejection()) if settings.group_by == "key" else reason


def in_range(settings: Settings) -> Column:
    """CPU_MIN and CPU_MAX, where they are set."""
    bounds = [F.lit(True)]
    if settings.cpu_min is not None:
        bounds.append(F.col("cpu") >= settings.cpu_min)
    if settings.cpu_max is not None:
        bounds.append(F.col("cpu") <= settings.cpu_max)
    return reduce(lambda one, other: one & other, bounds)


def key_rejection() -> Column:
    """A series is named by its key in results and state: text, and short."""
    return F.when(F.octet_length("key") > MAX_KEY_BYTES, "too_long").when(
        ~F.is_valid_utf8(F.col("key").cast("string")), "not_utf8"
    )


# ---------------------------------------------------------------------------------- watermark and window


def samples(settings: Settings) -> Step:
    """Start of the window, the sample, and its series where there are several; a null window for what can't be used."""
    series = [F.coalesce(F.col("key").cast("string"), F.lit("")).alias("series")] if settings.group_by == "key" else []
    start = F.when(F.col("reason").isNull(), window_start(settings))
    return lambda guarded: guarded.select(*series, start.alias("window_start"), "cpu")


def usable(given: DataFrame) -> DataFrame:
    return given.filter(F.col("window_start").isNotNull())


def window_start(settings: Settings) -> Column:
    return F.timestamp_millis(window_start_ms(settings))


def window_start_ms(settings: Settings) -> Column:
    """Integer arithmetic: `window()` builds a struct a row, and costs accordingly."""
    time_millis = F.col("time_millis")
    return time_millis - F.pmod(time_millis, F.lit(settings.window_ms))


def window_stats(settings: Settings) -> Step:
    """Mean, sample standard deviation and count of each tumbling window.

    The watermark stands on the window's start, not on the sample's time. A window is given up once its start is at or
    before `newest start - (delay + window)`, that is, once its end is at or before `newest start - delay`. That is
    what `window()` over the sample's time does when the delay is a multiple of the window, and later by less than
    one window otherwise. Never earlier: a start is never after its samples.
    """
    delay = f"{settings.watermark_ms + settings.window_ms} milliseconds"
    has_series = settings.group_by == "key"
    series = F.col("series") if has_series else F.lit("")  # a constant in the key would cost hashing and state
    return lambda given: (
        given.withWatermark("window_start", delay)
        .groupBy(*(["series"] if has_series else []), "window_start")
        .agg(F.sum("cpu").alias("sum"), F.stddev_samp("cpu").alias("stddev"), F.count(F.lit(1)).alias("count"))
        .select(
            series.alias("series"), "window_start", (F.col("sum") / F.col("count")).alias("mean"), "stddev", "count"
        )
    )


# ---------------------------------------------------------------------------------------------- classify


def classify(settings: Settings) -> Step:
    """SAFE, WARN beyond one sigma, ERROR beyond two; strictly, on the plain difference and not on the rounded score."""
    difference = F.col("mean") - settings.normal_mean
    distance = {"high": difference, "low": -difference, "both": F.abs(difference)}[settings.direction]
    status = (
        F.when(distance > 2 * settings.normal_stddev, "ERROR")
        .when(distance > settings.normal_stddev, "WARN")
        .otherwise("SAFE")
    )
    return lambda stats: stats.withColumn("status", status).withColumn("score", difference / settings.normal_stddev)


# -------------------------------------------------------------------------------------------------- sink

# UTC whatever the session says; null stays visible (the standard deviation of one sample).
JSON_OPTIONS = {"timeZone": "UTC", "ignoreNullFields": "false"}


def results(settings: Settings) -> Step:
    """One Kafka record a window; the key makes a later one replace it in a compacted topic."""
    start_ms = F.unix_millis("window_start")
    window = F.struct(
        F.col("window_start").alias("start"), F.timestamp_millis(start_ms + settings.window_ms).alias("end")
    )
    value = F.struct(window.alias("window"), "mean", "stddev", "count", "status", "score", "series")
    return lambda classified: classified.select(
        F.concat("series", F.lit("|"), start_ms.cast("string")).alias("key"),
        F.to_json(value, JSON_OPTIONS).alias("value"),
    )


def stream_writer(frame: DataFrame, settings: Settings, client: Mapping[str, str]) -> DataStreamWriter:
    """Into the output topic; when is left to a trigger."""
    return (
        frame.writeStream.format("kafka")
        .options(**prefixed({"acks": "all", **client}))
        .option("topic", settings.output_topic)
        .option("checkpointLocation", settings.checkpoint)
        .outputMode("update")
    )


def write_stream(frame: DataFrame, settings: Settings, client: Mapping[str, str]) -> StreamingQuery:
    writer = stream_writer(frame, settings, client)
    if settings.is_real_time:
        # The ledger moves on with what Spark reports: that must be on the disk by then, not on its way there.
        writer = writer.option("asyncProgressTrackingEnabled", "false")
        interval = f"{settings.checkpoint_interval_ms} milliseconds"
        real_time = writer.trigger(realTime=interval)  # type: ignore[call-overload]  # its overloads are one behind
        return cast(StreamingQuery, real_time.start())
    return writer.trigger(processingTime=f"{settings.trigger_interval_ms} milliseconds").start()


# ----------------------------------------------------------------------------------------- the one query

MAX_ANOMALIES_A_BATCH = 1000


def observe_input(given: DataFrame) -> DataFrame:
    """Counts lines, and those that can't be used. Behind `samples`, since Spark writes each row in full for this."""
    return given.observe("input", F.count(F.lit(1)).alias("rows"), F.count("window_start").alias("used"))


def observe_windows(settings: Settings) -> Step:
    """What the batch changed, for the driver's log: counts, and the anomalies themselves up to a bound.

    In real-time mode there is a row a sample, too many to collect: there `AnomalyReader` finds the anomalies.
    """
    status = F.col("status")
    counts = [F.count_if(status == name.upper()).alias(name) for name in ("safe", "warn", "error")]
    if settings.is_real_time:
        return lambda classified: classified.observe("windows", *counts)
    anomaly = F.struct("window_start", "series", "status", "mean", "stddev", "count", "score")
    anomalies = F.array_sort(F.collect_list(F.when(status != "SAFE", anomaly)))
    shown = F.to_json(F.slice(anomalies, 1, MAX_ANOMALIES_A_BATCH), JSON_OPTIONS).alias("anomalies")
    return lambda classified: classified.observe("windows", *counts, shown)


def detect(settings: Settings) -> Step:
    """Kafka records in, Kafka records out."""
    # The batch's own time: a batch that is replayed after a crash judges `future` as it did before.
    now_ms = F.unix_millis(F.current_timestamp())
    return lambda raw: (
        raw.transform(lines)
        .transform(parse)
        .transform(guard(settings, now_ms))
        .transform(samples(settings))
        .transform(observe_input)
        .transform(usable)
        .transform(window_stats(settings))
        .transform(classify(settings))
        .transform(observe_windows(settings))
        .transform(results(settings))
    )


def start_query(spark: SparkSession, settings: Settings, client: Mapping[str, str]) -> StreamingQuery:
    return write_stream(read_stream(spark, settings, client).transform(detect(settings)), settings, client)


# ---------------------------------------------------------------------------------------- the driver's log


class EventLog:
    """One line an event on standard output: `<time> <event> key=value ...`."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._lock = threading.Lock()

    def write(self, event: str, **values: object) -> None:
        pairs = "".join(f" {name}={log_value(value)}" for name, value in values.items())
        with self._lock:
            self._out.write(f"{iso_time(time.time())} {event}{pairs}\n")
            self._out.flush()


def log_value(value: object) -> str:
    """As it is where that is unambiguous, else a JSON string: no record can forge a line or steer a terminal."""
    if value is None:
        return ""
    text = str(value)
    is_plain_text = text.isascii() and text.isprintable() and not set(text) & set(' "=\\')
    return text if is_plain_text else json.dumps(text)


def iso_time(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


# ------------------------------------------------------------------------------------------ the checkpoint


@dataclass(frozen=True)
class BatchPlan:
    """What Spark wrote into its offset log before it ran a batch: where it ends, its time, and its watermark."""

    timestamp_ms: int
    watermark_ms: int
    end: Mapping[str, Mapping[str, int]]

    @staticmethod
    def from_log(text: str) -> BatchPlan:
        version, metadata, *sources = text.splitlines()
        if version != "v1" or len(sources) != 1:
            raise CheckpointError(
                f"an offset log of version {version!r} with {len(sources)} sources; v1 with one was expected"
            )
        planned = json.loads(metadata)
        return BatchPlan(planned["batchTimestampMs"], planned["batchWatermarkMs"], json.loads(sources[0]))


class CheckpointError(Exception):
    """The checkpoint does not hold what the accounting needs."""


class Checkpoint:
    """Files of the query's checkpoint, through Hadoop: it may lie on any file system that Spark can use."""

    def __init__(self, spark: SparkSession, location: str) -> None:
        self._gateway = cast(Any, spark.sparkContext)._gateway
        self._jvm = self._gateway.jvm
        self._root = self._jvm.org.apache.hadoop.fs.Path(location)
        conf = cast(Any, spark.sparkContext)._jsc.hadoopConfiguration()
        self._files = self._root.getFileSystem(conf)
        self._context = self._jvm.org.apache.hadoop.fs.FileContext.getFileContext(self._files.getUri(), conf)

    def read(self, name: str) -> str | None:
        path = self._path(name)
        if not self._files.exists(path):
            return None
        stream = self._files.open(path)
        try:
            return bytes(stream.readAllBytes()).decode("utf-8")
        finally:
            stream.close()

    def write(self, name: str, text: str) -> None:
        """Replaces the file as a whole: a crash leaves the old one or the new one."""
        path, temporary = self._path(name), self._path(f".{name}.tmp")
        stream = self._files.create(temporary, True)
        try:
            stream.write(text.encode("utf-8"))
        finally:
            stream.close()
        rename = self._jvm.org.apache.hadoop.fs.Options.Rename
        overwrite = self._gateway.new_array(rename, 1)
        overwrite[0] = rename.OVERWRITE
        self._context.rename(temporary, path, overwrite)
        # On a local disk the checksum is renamed in a second step. Without one the file is read unchecked; with an
        # old one, after a crash between the two, it could not be read at all.
        self._files.delete(self._path(f".{name}.crc"), False)

    def last_commit(self) -> int:
        """The newest batch that Spark committed; -1 when there is none."""
        commits = self._path("commits")
        if not self._files.exists(commits):
            return -1
        names = [status.getPath().getName() for status in self._files.listStatus(commits)]
        return max((int(name) for name in names if name.isdigit()), default=-1)

    def plan(self, batch: int) -> BatchPlan:
        text = self.read(f"offsets/{batch}")
        if text is None:
            raise CheckpointError(f"the offset log has no batch {batch} any more")
        return BatchPlan.from_log(text)

    def first_offsets(self) -> Mapping[str, Mapping[str, int]]:
        """Where batch 0 began, as the Kafka source wrote it down: a zero byte, a version, JSON."""
        text = self.read("sources/0/0")
        if text is None:
            raise CheckpointError("the checkpoint does not say where its first batch began")
        return cast("Mapping[str, Mapping[str, int]]", json.loads(text.split("\n", 1)[1]))

    def _path(self, name: str) -> Any:
        return self._jvm.org.apache.hadoop.fs.Path(self._root, name)


LEDGER = "cpu-anomaly-ledger.json"


@dataclass(frozen=True)
class Ledger:
    """What became of every record that committed batches have read, up to and including `batch`."""

    batch: int = -1
    read: int = 0
    dead_lettered: int = 0
    late: int = 0
    topic_ids: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def load(checkpoint: Checkpoint) -> Ledger:
        text = checkpoint.read(LEDGER)
        return Ledger(**json.loads(text)) if text else Ledger()

    def save(self, checkpoint: Checkpoint) -> None:
        checkpoint.write(LEDGER, json.dumps(asdict(self)))

    def totals(self) -> dict[str, int]:
        return {"read": self.read, "dead_lettered": self.dead_lettered, "late": self.late}


# ---------------------------------------------------------------------------- dead letters and late samples

# The query leaves out records it can't use and late samples, and only counts that it did. A second branch that writes
# them would read Kafka a second time, always. Instead what a batch left out is read again from exactly its offsets, by
# the same functions, after it committed, and only if it left out something: see the auditor, below.

MAX_DEAD_LETTER_BYTES = 256
LATE = "late"
USED = "used"


@dataclass(frozen=True)
class Audit:
    """One committed batch, to be read again and judged as it was."""

    batch: int
    start: Mapping[str, Mapping[str, int]]
    end: Mapping[str, Mapping[str, int]]
    now_ms: int
    # A batch drops what is late by the watermark of the batch before it; its own only frees state.
    late_watermark_ms: int

    def has_rows(self) -> bool:
        return self.start != self.end


def plan_audit(checkpoint: Checkpoint, batch: int) -> Audit:
    plan = checkpoint.plan(batch)
    if batch == 0:
        return Audit(batch, checkpoint.first_offsets(), plan.end, plan.timestamp_ms, late_watermark_ms=0)
    before = checkpoint.plan(batch - 1)
    return Audit(batch, before.end, plan.end, plan.timestamp_ms, before.watermark_ms)


def read_again(spark: SparkSession, settings: Settings, client: Mapping[str, str], audit: Audit) -> DataFrame:
    topic = settings.input_topic
    return read_between(spark, topic, audit.start.get(topic, {}), audit.end[topic], client)


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


def judge(settings: Settings, audit: Audit) -> Step:
    """The query's own parse and guard, at the time the batch ran; `outcome` is a reason, late or used."""
    is_late = window_start_ms(settings) <= audit.late_watermark_ms
    outcome = F.coalesce(F.col("reason"), F.when(is_late, LATE), F.lit(USED))
    return lambda raw: (
        raw.transform(exact_lines)
        .transform(parse)
        .transform(guard(settings, F.lit(audit.now_ms)))
        .withColumn("outcome", outcome)
        .withColumn("batch", F.lit(audit.batch))
    )


def dead_letters(judged: DataFrame) -> DataFrame:
    """Key and value of the dead letters; the key says where the record lies, so writing one twice does no harm."""
    where = F.concat_ws("|", "topic", "partition", "offset", "line_number")
    # Of a record of one line the whole value, whatever ends it.
    value = F.when(F.col("line_number").isNull(), F.col("value")).otherwise(F.col("line").cast("binary"))
    length = F.octet_length(value)
    is_text = F.is_valid_utf8(value.cast("string"))
    # A cut may fall into a character, which has at most four bytes.
    cuts = [F.try_validate_utf8(F.substring(value, 1, MAX_DEAD_LETTER_BYTES - n).cast("string")) for n in range(4)]
    shown = F.when(is_text, F.coalesce(*cuts)).otherwise(F.base64(F.substring(value, 1, MAX_DEAD_LETTER_BYTES)))
    letter = F.struct(
        "reason",
        "topic",
        "partition",
        "offset",
        F.col("line_number").alias("line"),
        "timestamp",
        shown.alias("value"),
        F.when(~is_text, "base64").alias("encoding"),
        length.alias("length"),
        (length > MAX_DEAD_LETTER_BYTES).alias("truncated"),
    )
    return judged.filter(F.col("reason").isNotNull()).select(
        where.alias("key"), F.to_json(letter, JSON_OPTIONS).alias("value")
    )


def write_dead_letters(judged: DataFrame, settings: Settings, client: Mapping[str, str]) -> None:
    (
        dead_letters(judged)
        .write.format("kafka")
        .options(**prefixed({"acks": "all", **client}))
        .option("topic", settings.dead_letter_topic)
        .save()
    )


@dataclass(frozen=True)
class Anomalies:
    """Windows that are not SAFE: how many there are, and the first of them, up to `MAX_ANOMALIES_A_BATCH`."""

    total: int
    first: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Batch:
    """What Spark reports of a committed batch."""

    number: int
    # Lines that the query judged; 0 where Spark did not report it, but then the batch is read again.
    lines: int
    # Did the query leave out anything? Partial aggregates that were dropped say that some sample was late.
    left_out: bool
    windows: Mapping[str, Any]
    summary: Mapping[str, object]

    def anomalous_updates(self) -> int:
        """In real-time mode a window may have many, else one."""
        return (self.windows.get("warn") or 0) + (self.windows.get("error") or 0)

    def anomalies(self) -> Anomalies | None:
        """As `observe_windows` collected them; nothing in real-time mode."""
        if "anomalies" not in self.windows:
            return None
        return Anomalies(self.anomalous_updates(), json.loads(self.windows["anomalies"] or "[]"))

    @staticmethod
    def from_progress(progress: Mapping[str, Any]) -> Batch:
        source = progress["sources"][0]
        states = progress["stateOperators"]
        observed = progress.get("observedMetrics", {})
        windows = observed.get("windows", {})
        dropped = sum(state["numRowsDroppedByWatermark"] for state in states)
        counts = {name: windows.get(name) or 0 for name in ("safe", "warn", "error")}
        summary = {
            "input_rows": progress["numInputRows"],
            "rows_per_s": progress.get("inputRowsPerSecond", 0),
            "processed_rows_per_s": progress.get("processedRowsPerSecond", 0),
            "lag": offsets_between(source.get("endOffset"), source.get("latestOffset")),
            "end_offsets": describe_offsets(source.get("endOffset")),
            "watermark": progress["eventTime"].get("watermark"),
            "state_rows": sum(state["numRowsTotal"] for state in states),
            "windows": sum(counts.values()),
            **counts,
            "duration_ms": progress["durationMs"].get("addBatch"),
            "trigger_ms": progress["durationMs"].get("triggerExecution"),
        }
        left_out = dropped > 0 or "input" not in observed or observed["input"]["used"] < observed["input"]["rows"]
        lines_judged = observed.get("input", {}).get("rows") or 0
        return Batch(progress["batchId"], lines_judged, left_out, windows, summary)


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


def describe_offsets(offsets: Mapping[str, Any] | None) -> str:
    """`partition:offset,...` of the one input topic."""
    partitions = [pair for topic in (offsets or {}).values() for pair in topic.items()]
    return ",".join(f"{partition}:{offset}" for partition, offset in sorted(partitions, key=lambda pair: int(pair[0])))


def offsets_between(start: Mapping[str, Any] | None, end: Mapping[str, Any] | None) -> int:
    """Records from one position to another, over all partitions."""
    before = start or {}
    return sum(
        max(0, offset - before.get(topic, {}).get(partition, 0))
        for topic, partitions in (end or {}).items()
        for partition, offset in partitions.items()
    )


# How many records of a batch came to which end.
Outcomes = Mapping[tuple[int, str], int]

# Batches that one read of Kafka audits together.
MAX_AUDITS_A_READ = 16
# So far may the auditor fall behind before the query pauses for it. Spark keeps the plans of BATCHES_TO_RETAIN batches.
MAX_BATCHES_BEHIND = 40
BATCHES_TO_RETAIN = 100


class Auditor:
    """Accounts for every committed batch: what was read, written to the dead-letter topic, or late.

    The ledger moves on only after the dead letters are written, so after a crash the same batches are audited again:
    dead letters at least once, totals exact. A batch that left out nothing costs a line in the ledger and no read.
    """

    def __init__(self, spark: SparkSession, settings: Settings, client: Mapping[str, str], log: EventLog) -> None:
        self._spark = spark
        self._settings = settings
        self._client = client
        self._log = log
        self._checkpoint = Checkpoint(spark, settings.checkpoint)
        self._batches: queue.Queue[Batch | None] = queue.Queue()
        self._anomalies = AnomalyReader(spark, settings, client) if settings.is_real_time else None
        self._thread = threading.Thread()
        self._error: Exception | None = None
        self.ledger = Ledger.load(self._checkpoint)

    def last_commit(self) -> int:
        return self._checkpoint.last_commit()

    def recover(self) -> None:
        """Accounts for what was committed and not settled before the driver ended."""
        self._settle_up_to(self.last_commit(), clean={})

    def remember_topics(self, topic_ids: Mapping[str, str]) -> None:
        self._save(replace(self.ledger, topic_ids=dict(topic_ids)))

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="auditor", daemon=True)
        self._thread.start()

    def submit(self, batch: Batch) -> None:
        self._batches.put(batch)

    def is_behind(self) -> bool:
        return self._batches.qsize() > MAX_BATCHES_BEHIND

    def finish(self) -> None:
        """Returns when every batch submitted so far is accounted for."""
        self._batches.put(None)
        self._thread.join()
        if self._error:
            raise self._error

    def has_failed(self) -> bool:
        return self._error is not None

    def _run(self) -> None:
        self._spark.sparkContext.setLocalProperty("spark.scheduler.pool", "audit")
        try:
            while batches := self._take():
                clean = {batch.number: batch.lines for batch in batches if not batch.left_out}
                self._settle_up_to(batches[-1].number, clean)
                if self._anomalies:
                    self._look_for_anomalies(self._anomalies, batches)
                for batch in batches:
                    self._log.write("progress", batch=batch.number, **batch.summary, **self.ledger.totals())
        except Exception as error:  # noqa: BLE001 (raised again by the main thread, which ends the query)
            self._error = error

    def _look_for_anomalies(self, reader: AnomalyReader, batches: Sequence[Batch]) -> None:
        last = batches[-1].number
        if any(batch.anomalous_updates() for batch in batches):
            log_anomalies(self._log, last, reader.read_on())
        else:
            reader.pass_over(last, self.last_commit)

    def _take(self) -> list[Batch]:
        """Waits for a batch and takes all that wait with it; nothing means the end."""
        batches: list[Batch] = []
        while not batches or not self._batches.empty():
            batch = self._batches.get()
            if batch is None:
                if batches:
                    self._batches.put(None)
                break
            batches.append(batch)
        return batches

    def _settle_up_to(self, last: int, clean: Mapping[int, int]) -> None:
        """A batch that is not known to be clean is read again: Spark's report may have been lost in a crash."""
        while self.ledger.batch < last:
            batch = self.ledger.batch + 1
            if batch in clean:
                self.ledger = replace(self.ledger, batch=batch, read=self.ledger.read + clean[batch])
            else:
                unknown = takewhile(lambda number: number not in clean, range(batch, last + 1))
                self._audit(list(islice(unknown, MAX_AUDITS_A_READ)))
        self._save(self.ledger)

    def _audit(self, batches: Sequence[int]) -> None:
        began = time.monotonic()
        audits = [plan_audit(self._checkpoint, batch) for batch in batches]
        outcomes = self._judge_and_write([audit for audit in audits if audit.has_rows()])
        late = outcomes_of(outcomes, lambda outcome: outcome == LATE)
        bad = outcomes_of(outcomes, lambda outcome: outcome in REASONS)
        for batch in batches:
            if bad[batch]:
                reasons = ",".join(f"{reason}:{count}" for reason, count in sorted(bad[batch].items()))
                self._log.write("dead_letters", batch=batch, count=bad[batch].total(), reasons=reasons)
            if late[batch]:
                self._log.write("late", batch=batch, samples=late[batch].total())
        ledger = self.ledger
        self._save(
            replace(
                ledger,
                batch=batches[-1],
                read=ledger.read + sum(outcomes.values()),
                dead_lettered=ledger.dead_lettered + sum(counts.total() for counts in bad.values()),
                late=ledger.late + sum(counts.total() for counts in late.values()),
            )
        )
        duration_ms = round((time.monotonic() - began) * 1000)
        self._log.write(
            "audited",
            first_batch=batches[0],
            last_batch=batches[-1],
            rows=sum(outcomes.values()),
            duration_ms=duration_ms,
        )

    def _judge_and_write(self, audits: Sequence[Audit]) -> Outcomes:
        """Counts the outcomes of every record, then writes those that can't be used."""
        if not audits:
            return {}
        judged = reduce(DataFrame.unionAll, (self._judged(audit) for audit in audits))
        rows = judged.groupBy("batch", "outcome").count().collect()
        outcomes = {(row["batch"], row["outcome"]): row["count"] for row in rows}
        if any(outcome in REASONS for _, outcome in outcomes):
            write_dead_letters(judged, self._settings, self._client)
        return outcomes

    def _judged(self, audit: Audit) -> DataFrame:
        return read_again(self._spark, self._settings, self._client, audit).transform(judge(self._settings, audit))

    def _save(self, ledger: Ledger) -> None:
        ledger.save(self._checkpoint)
        self.ledger = ledger


def outcomes_of(outcomes: Outcomes, belongs: Callable[[str], bool]) -> dict[int, Counter[str]]:
    """By batch, the counts of the outcomes in question."""
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for (batch, outcome), count in outcomes.items():
        if belongs(outcome):
            found[batch][outcome] += count
    return found


# --------------------------------------------------------------------------------- is it still the same topic?


class TopicReplacedError(Exception):
    """A topic of this name is there, but not the one whose offsets the checkpoint holds."""


def describe_topics(spark: SparkSession, names: Sequence[str], client: Mapping[str, str]) -> dict[str, str]:
    """Topic ids by name, from the broker."""
    with kafka_admin(spark, client) as (admin, jvm):
        described = describe(admin, jvm, names)
        return {name: described[name].topicId().toString() for name in names}


def end_offsets(spark: SparkSession, topic: str, client: Mapping[str, str]) -> dict[str, int]:
    """Where each partition ends now: the offset of the record that will come next."""
    with kafka_admin(spark, client) as (admin, jvm):
        wanted = jvm.java.util.HashMap()
        for partition in describe(admin, jvm, [topic])[topic].partitions():
            where = jvm.org.apache.kafka.common.TopicPartition(topic, partition.partition())
            wanted.put(where, jvm.org.apache.kafka.clients.admin.OffsetSpec.latest())
        found = admin.listOffsets(wanted).all().get()
        return {str(where.partition()): found[where].offset() for where in found}


@contextmanager
def kafka_admin(spark: SparkSession, client: Mapping[str, str]) -> Iterator[tuple[Any, Any]]:
    """Kafka's admin client of the driver's JVM, and the JVM."""
    jvm = cast(Any, spark.sparkContext)._jvm
    properties = jvm.java.util.Properties()
    for name, value in {"default.api.timeout.ms": "30000", **client}.items():
        properties.setProperty(name, value)
    admin = jvm.org.apache.kafka.clients.admin.Admin.create(properties)
    try:
        yield admin, jvm
    finally:
        admin.close()


def describe(admin: Any, jvm: Any, names: Sequence[str]) -> Any:
    wanted = jvm.java.util.ArrayList()
    for name in names:
        wanted.add(name)
    return admin.describeTopics(wanted).allTopicNames().get()


def require_same_topics(known: Mapping[str, str], found: Mapping[str, str]) -> None:
    """Offsets and windows of a topic that was deleted and created again would be mixed with those of the old one."""
    for topic, topic_id in found.items():
        before = known.get(topic, topic_id)
        if before != topic_id:
            raise TopicReplacedError(
                f"topic {topic} was deleted and created again: its id was {before} and is now {topic_id}; "
                "the checkpoint belongs to the old one: begin a new one with `submit --new-checkpoint`"
            )


# -------------------------------------------------------------------------------------------------- driver


class Watch(StreamingQueryListener):
    """Turns Spark's reports into lines of the log and work for the auditor."""

    def __init__(self, auditor: Auditor, log: EventLog) -> None:
        self._auditor = auditor
        self._log = log
        self._is_ready = False
        self.committed = 0
        self.terminated = threading.Event()

    def onQueryStarted(self, _event: QueryStartedEvent) -> None:
        self.terminated.clear()

    def onQueryProgress(self, event: QueryProgressEvent) -> None:
        batch = Batch.from_progress(json.loads(event.progress.json))
        self.committed += 1
        self.ready(batch.number)
        if anomalies := batch.anomalies():
            log_anomalies(self._log, batch.number, anomalies)
        self._auditor.submit(batch)

    def onQueryIdle(self, _event: QueryIdleEvent) -> None:
        self.ready(self._auditor.ledger.batch)

    def onQueryTerminated(self, _event: QueryTerminatedEvent) -> None:
        self.terminated.set()

    def ready(self, batch: int) -> None:
        """The first batch of this run committed, or there is nothing to read and the query waits for data."""
        if not self._is_ready:
            self._is_ready = True
            self._log.write("ready", batch=batch_name(batch))


def batch_name(batch: int) -> int | None:
    return batch if batch >= 0 else None


def log_anomalies(log: EventLog, batch: int, anomalies: Anomalies) -> None:
    for anomaly in anomalies.first:
        values = {name: anomaly[name] for name in ("series", "mean", "stddev", "count", "score")}
        log.write(anomaly["status"], window=anomaly["window_start"], **values)
    omitted = anomalies.total - len(anomalies.first)
    if omitted > 0:
        log.write("anomalies_omitted", batch=batch, n=omitted)


def start_spark(settings: Settings) -> SparkSession:
    """What the job itself relies on; everything that depends on the machine comes from spark-submit."""
    return (
        SparkSession.builder.appName(settings.app_name)
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.scheduler.mode", "FAIR")
        # A stateful query can't adapt, and Spark says so at each start unless it is off.
        .config("spark.sql.adaptive.enabled", "false")
        .config("spark.sql.streaming.minBatchesToRetain", BATCHES_TO_RETAIN)
        # In update mode a batch without data emits nothing; the next one with data frees the state as well.
        .config("spark.sql.streaming.noDataMicroBatches.enabled", "false")
        # Kafka's secrets are options of source and sink, and options are shown in the UI unless they match this.
        .config("spark.sql.redaction.options.regex", "(?i)url|jaas|sasl|ssl|secret|password|token|credential")
        # Real-time mode's shuffle holds a row back for 50 ms by default, in the hope of more: that is its latency.
        .config("spark.shuffle.streaming.networkBufferMaxWaitTimeMs", 1)
        .config(map=local_checkpoint_options(settings.checkpoint))
        .config(map=FORGET_FETCHED)
        # Events of tasks are rare in real-time mode, and each counts: see `holds_its_slots`.
        .config("spark.ui.liveUpdate.period", "0ms" if settings.is_real_time else "100ms")
        .getOrCreate()
    )


# What a task has fetched is kept for the task that reads on from there, and for five minutes by default. Where tasks
# share a partition only the last of a batch has such a successor: the others' records would fill the heap.
FORGET_FETCHED: dict[str, bool | float | int | str | None] = {
    "spark.kafka.consumer.fetchedData.cache.timeout": "1s",
    "spark.kafka.consumer.fetchedData.cache.evictorThreadRunInterval": "1s",
}


def local_checkpoint_options(checkpoint: str) -> dict[str, bool | float | int | str | None]:
    """Without Hadoop's native library, `FileContext` forks a process for each rename on a local disk, a dozen a batch.

    Nor does Hadoop's second checksum file a file help: Spark writes checksums of its state files itself.
    """
    if "://" in checkpoint and not checkpoint.startswith("file:"):
        return {}
    manager = "org.apache.spark.sql.execution.streaming.checkpointing.FileSystemBasedCheckpointFileManager"
    return {
        "spark.sql.streaming.checkpointFileManagerClass": manager,
        "spark.hadoop.fs.file.impl": "org.apache.hadoop.fs.RawLocalFileSystem",
        "spark.hadoop.fs.AbstractFileSystem.file.impl": "org.apache.hadoop.fs.local.RawLocalFs",
    }


REAL_TIME_SINCE = (4, 3)


def require_real_time(settings: Settings, spark_version: str) -> None:
    """Real-time mode came with Spark 4.1, but for aggregations with 4.3."""
    found = tuple(int(part) for part in spark_version.split(".")[:2])
    if settings.is_real_time and found < REAL_TIME_SINCE:
        raise ConfigurationError(
            f"TRIGGER=real-time needs Spark 4.3 or newer, and this is {spark_version}: set TRIGGER=micro-batch"
        )


POLL_SECONDS = 0.1
STOP_SECONDS = 20.0


def has_ended(running: StreamingQuery) -> bool:
    """Waits a moment for the end; raises what ended the query."""
    return bool(running.awaitTermination(POLL_SECONDS))  # type: ignore[arg-type]  # takes fractions of a second


def stop_after_batch(running: StreamingQuery, watch: Watch, batch_seconds: float) -> None:
    """Stops between two batches where it can: one that is cut short is replayed, which repeats results.

    `batch_seconds` is how long a batch lasts by itself: the checkpoint interval in real-time mode, else nothing.
    """
    committed = watch.committed
    deadline = time.monotonic() + batch_seconds + STOP_SECONDS
    while running.status["isTriggerActive"] and watch.committed == committed and time.monotonic() < deadline:
        if has_ended(running):
            return
    running.stop()
    watch.terminated.wait(STOP_SECONDS)


def run_until(is_over: Callable[[], bool], running: StreamingQuery) -> None:
    """Returns when it is over; raises what ended the query before that."""
    while not is_over() and not has_ended(running):
        pass


def holds_its_slots(context: SparkContext) -> bool:
    """Do all tasks of a real-time query run? Its two stages hold their slots for the whole interval."""
    tracker = context.statusTracker()
    stages = [info for stage in tracker.getActiveStageIds() if (info := tracker.getStageInfo(stage))]
    return len(stages) >= 2 and all(info.numActiveTasks == info.numTasks for info in stages)


def run(settings: Settings, is_stop_wanted: Callable[[], bool], log: EventLog) -> None:
    client = kafka_client_options(settings)
    spark = start_spark(settings)
    context = spark.sparkContext
    require_real_time(settings, spark.version)
    batch_seconds = settings.checkpoint_interval_ms / 1000 if settings.is_real_time else 0.0
    auditor = Auditor(spark, settings, client, log)
    log.write(
        "started",
        pid=os.getpid(),
        spark_version=spark.version,
        app_id=context.applicationId,
        ui=context.uiWebUrl,
        resumed_from_batch=batch_name(auditor.last_commit()),
    )
    topic_ids = describe_topics(spark, [settings.input_topic, settings.output_topic], client)
    require_same_topics(auditor.ledger.topic_ids, topic_ids)
    auditor.remember_topics(topic_ids)
    auditor.recover()
    watch = Watch(auditor, log)
    spark.streams.addListener(watch)
    context.setLocalProperty("spark.scheduler.pool", "query")
    while not is_stop_wanted():
        auditor.start()
        running = start_query(spark, settings, client)
        if settings.is_real_time:  # its first commit is an interval away, its results are not
            run_until(lambda: is_stop_wanted() or holds_its_slots(context), running)
            watch.ready(auditor.ledger.batch)
        run_until(lambda: is_stop_wanted() or auditor.is_behind() or auditor.has_failed(), running)
        stop_after_batch(running, watch, batch_seconds)
        auditor.finish()
    log.write("stopped", batch=batch_name(auditor.ledger.batch))


def main() -> int:
    log = EventLog(sys.stdout)
    stop_file = os.environ.get("CPU_ANOMALY_STOP_FILE")
    try:
        run(Settings.from_json(SETTINGS_JSON), lambda: stop_file is not None and Path(stop_file).exists(), log)
    except Exception as error:  # noqa: BLE001 (whatever it is, the supervisor and the user are told in one line)
        traceback.print_exc()
        sys.stderr.flush()
        failure = diagnose(error)
        log.write("failed", kind=failure.kind, message=failure.message, exit_code=failure.exit_code)
        return failure.exit_code
    return 0


# ------------------------------------------------------------------------------------------------ failures


@dataclass(frozen=True)
class Failure:
    kind: str
    message: str
    exit_code: int


def diagnose(error: Exception) -> Failure:
    """What to tell the supervisor and the user: 2 and 3 are never worth a restart, 7 may be."""
    causes = causes_of(error)
    told = " ".join(causes)
    message = causes[-1].strip().splitlines()[0] if causes[-1].strip() else type(error).__name__
    if isinstance(error, TopicReplacedError):
        return Failure("topic_replaced", message, 3)
    if isinstance(error, CheckpointError) or "KAFKA_DATA_LOSS" in told or "OffsetOutOfRange" in told:
        return Failure("data_loss", message, 3)
    if any(sign in told for sign in OUTAGE_SIGNS):
        return Failure("query", message, 7)
    if isinstance(error, ConfigurationError | AnalysisException | OSError) or any(
        sign in told for sign in CONFIGURATION_SIGNS
    ):
        return Failure("configuration", message, 2)
    return Failure("query", message, 7)


# The client calls it a configuration, but the name of a container that is away does not resolve until it is back.
OUTAGE_SIGNS = ("No resolvable bootstrap urls given",)
CONFIGURATION_SIGNS = (
    "org.apache.spark.sql.AnalysisException",
    "org.apache.spark.sql.catalyst.ExtendedAnalysisException",
    "org.apache.kafka.common.config.ConfigException",
    "STREAMING_REAL_TIME_MODE",
    "org.apache.kafka.common.errors.UnknownTopicOrPartitionException",
)


def causes_of(error: Exception) -> list[str]:
    """The error and its causes in words, outermost first; across the border to the JVM."""
    thrown = error.java_exception if isinstance(error, Py4JJavaError) else getattr(error, "_origin", None)
    causes = [str(error)] if thrown is None else []
    while thrown is not None:
        causes.append(thrown.toString())
        thrown = thrown.getCause()
    return causes


if __name__ == "__main__":
    sys.exit(main())
