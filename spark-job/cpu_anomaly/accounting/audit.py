"""Reads committed batches again, and judges their lines as the query did: by its own functions, at its own times."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import cast

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from cpu_anomaly.accounting.checkpoint import Checkpoint
from cpu_anomaly.accounting.dead_letters import write_dead_letters
from cpu_anomaly.accounting.late import MAX_SERIES, Late
from cpu_anomaly.accounting.plan import Offsets
from cpu_anomaly.formats.input_format import format_of
from cpu_anomaly.guard import REASONS, guard, judge_future
from cpu_anomaly.modes import Mode, latest_ms
from cpu_anomaly.settings import Settings
from cpu_anomaly.source import read_between
from cpu_anomaly.step import Step
from cpu_anomaly.windows import series_of, window_start_ms

# Outcomes of a line, beside the reasons of `guard`.
LATE = "late"
USED = "used"

# Line counts by (batch, outcome).
Outcomes = Mapping[tuple[int, str], int]
# The late samples of each batch.
LateByBatch = Mapping[int, Sequence[Late]]


@dataclass(frozen=True)
class Findings:
    outcomes: Outcomes
    late: LateByBatch


@dataclass(frozen=True)
class Audit:
    """One committed batch: the offsets that it read, and the time and the watermark by which it judged."""

    batch: int
    start: Offsets
    end: Offsets
    now_ms: int
    # A batch drops samples that are late by the watermark of the batch before it; its own only removes state.
    late_watermark_ms: int

    def has_rows(self) -> bool:
        return self.start != self.end


def plan_audit(checkpoint: Checkpoint, batch: int) -> Audit:
    """From Spark's offset log. Raises CheckpointError if it no longer has the batch or the one before."""
    plan = checkpoint.plan(batch)
    if batch == 0:
        return Audit(batch, checkpoint.first_offsets(), plan.end, plan.timestamp_ms, late_watermark_ms=0)
    before = checkpoint.plan(batch - 1)
    return Audit(batch, before.end, plan.end, plan.timestamp_ms, before.watermark_ms)


class Inspector:
    """Counts the outcomes of committed batches and writes their dead letters."""

    def __init__(self, spark: SparkSession, settings: Settings, mode: Mode, client: Mapping[str, str]) -> None:
        self._spark = spark
        self._settings = settings
        self._mode = mode
        self._client = client
        self.watermark_ms = settings.watermark_ms

    def inspect(self, audits: Sequence[Audit]) -> Findings:
        """Reads all batches in one job; a second one writes the dead letters, if there are any."""
        if not audits:
            return Findings({}, {})
        judged = reduce(DataFrame.unionAll, (self._judged(audit) for audit in audits))
        rows = judged.transform(count_outcomes).collect()
        outcomes = {(row["batch"], row["outcome"]): row["lines"] for row in rows}
        if any(outcome in REASONS for _, outcome in outcomes):
            write_dead_letters(judged, self._settings, self._client)
        return Findings(outcomes, {row["batch"]: late_of(row) for row in rows if row["outcome"] == LATE})

    def newest_sample(self, audit: Audit) -> Row | None:
        """Time, series and place of the newest sample that the batch used; None if there is none."""
        place = F.struct("time_millis", series_of(self._settings).alias("series"), "partition", "offset")
        used = self._judged(audit).filter(F.col("outcome") == USED)
        ((newest,),) = used.agg(F.max_by(place, "time_millis")).collect()
        return cast(Row | None, newest)

    def _judged(self, audit: Audit) -> DataFrame:
        topic = self._settings.input_topic
        raw = read_between(self._spark.read, topic, audit.start.get(topic, {}), audit.end[topic], self._client)
        return raw.transform(judge(self._settings, self._mode, audit))


def judge(settings: Settings, mode: Mode, audit: Audit) -> Step:
    """Columns in: those of the Kafka source.

    Adds those of `guard`, `outcome` (a reason, late or used), `batch` and `late_series` (null unless late).
    """
    is_late = window_start_ms(settings) <= audit.late_watermark_ms
    outcome = F.coalesce(F.col("reason"), F.when(is_late, LATE), F.lit(USED))
    return lambda raw: (
        raw.transform(format_of(settings).read_exactly)
        .transform(guard(settings))
        .transform(judge_future(latest_ms(settings, mode, F.lit(audit.now_ms))))
        .withColumn("outcome", outcome)
        .withColumn("batch", F.lit(audit.batch))
        .withColumn("late_series", F.when(F.col("outcome") == LATE, series_of(settings)))
    )


def count_outcomes(judged: DataFrame) -> DataFrame:
    """Columns in: those of `judge`. Out: `batch`, `outcome`, its `lines`, and for late samples their times and series.

    `late_series` has the MAX_SERIES series with the most late samples, in no order.
    """
    by_series = judged.groupBy("batch", "outcome", "late_series").agg(
        F.count(F.lit(1)).alias("samples"),
        F.min("time_millis").alias("first_ms"),
        F.max("time_millis").alias("last_ms"),
    )
    late = F.struct(F.col("late_series").alias("series"), "samples", "first_ms", "last_ms")
    return by_series.groupBy("batch", "outcome").agg(
        F.sum("samples").alias("lines"),
        F.min("first_ms").alias("first_ms"),
        F.max("last_ms").alias("last_ms"),
        F.max_by(late, F.col("samples"), MAX_SERIES).alias("late_series"),
    )


def late_of(row: Row) -> list[Late]:
    """From a row of `count_outcomes`. The times of the further series are those of all."""
    named = [Late(**each.asDict()) for each in row["late_series"]]
    others = row["lines"] - sum(each.samples for each in named)
    return [*named, *([Late(None, others, row["first_ms"], row["last_ms"])] if others else [])]


def by_batch(outcomes: Outcomes, wanted: Collection[str]) -> dict[int, Counter[str]]:
    """The counts of the wanted outcomes; a batch without any has an empty counter."""
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    for (batch, outcome), count in outcomes.items():
        if outcome in wanted:
            counts[batch][outcome] += count
    return counts
