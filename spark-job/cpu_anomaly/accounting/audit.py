"""One batch, read again."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from cpu_anomaly.accounting.checkpoint import Checkpoint
from cpu_anomaly.guard import guard
from cpu_anomaly.lines import exact_lines, parse
from cpu_anomaly.settings import Settings
from cpu_anomaly.source import read_between
from cpu_anomaly.step import Step
from cpu_anomaly.windows import window_start_ms

LATE = "late"
USED = "used"
# How many records of a batch came to which end.
Outcomes = Mapping[tuple[int, str], int]


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


def outcomes_of(outcomes: Outcomes, belongs: Callable[[str], bool]) -> dict[int, Counter[str]]:
    """By batch, the counts of the outcomes in question."""
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for (batch, outcome), count in outcomes.items():
        if belongs(outcome):
            found[batch][outcome] += count
    return found
