"""What differs between micro-batch and real-time mode."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from conftest import SettingsOf
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from cpu_anomaly.modes import MicroBatch, Mode, RealTime, latest_ms, mode_of
from cpu_anomaly.settings import ConfigurationError

MICRO_BATCH = MicroBatch(trigger_interval_ms=450, max_offsets_per_trigger=1000)
REAL_TIME = RealTime(checkpoint_interval_ms=60_000)


def context(*stages: tuple[int, int] | None) -> Any:
    """A Spark context with active stages of (active tasks, tasks); None: the stage has just ended."""
    infos = [stage and SimpleNamespace(numActiveTasks=stage[0], numTasks=stage[1]) for stage in stages]
    tracker = SimpleNamespace(getActiveStageIds=lambda: range(len(infos)), getStageInfo=lambda nth: infos[nth])
    return SimpleNamespace(statusTracker=lambda: tracker)


class Writer:
    """Records what a writer is asked for."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []

    def option(self, name: str, value: str) -> Writer:
        self.calls.append((name, value))
        return self

    def trigger(self, **trigger: str | bool) -> Writer:
        self.calls.append(("trigger", trigger))
        return self


def calls(mode: Mode) -> list[tuple[object, ...]]:
    writer = Writer()
    mode.with_trigger(cast(Any, writer))
    return writer.calls


@pytest.mark.parametrize(("trigger", "mode"), [("micro-batch", MICRO_BATCH), ("real-time", REAL_TIME)])
def test_mode_follows_from_the_trigger(settings_of: SettingsOf, trigger: str, mode: Mode) -> None:
    assert mode_of(settings_of(trigger=trigger, max_offsets_per_trigger=1000)) == mode


@pytest.mark.parametrize(("mode", "interval_ms"), [(MICRO_BATCH, 450), (REAL_TIME, 60_000)])
def test_batches_commit_once_per_interval(mode: Mode, interval_ms: int) -> None:
    assert mode.interval_ms == interval_ms


def test_micro_batches_are_triggered_by_their_interval() -> None:
    assert calls(MICRO_BATCH) == [("trigger", {"processingTime": "450 milliseconds"})]


def test_backlog_is_read_to_its_end_in_batches_of_the_same_size() -> None:
    catch_up = cast(Mode, MICRO_BATCH.catch_up)
    assert calls(catch_up) == [("trigger", {"availableNow": True})]
    assert catch_up.read_options(2) == MICRO_BATCH.read_options(2)
    assert REAL_TIME.catch_up is None


def test_real_time_commits_are_on_disk_when_spark_reports_them() -> None:
    assert calls(REAL_TIME) == [
        ("asyncProgressTrackingEnabled", "false"),
        ("trigger", {"realTime": "60000 milliseconds"}),
    ]


def test_only_a_micro_batch_is_bounded_and_split_among_the_cores() -> None:
    assert MICRO_BATCH.read_options(4) == {"minPartitions": 4, "maxOffsetsPerTrigger": 1000}
    assert REAL_TIME.read_options(4) == {}


def test_only_real_time_mode_needs_a_slot_for_each_task() -> None:
    assert MICRO_BATCH.task_slots(4, 2) == 0
    assert REAL_TIME.task_slots(4, 2) == 7


@pytest.mark.parametrize("version", ["4.3.0", "4.3.1-SNAPSHOT", "4.10.0", "5.0.0"])
def test_real_time_mode_accepts_spark_4_3_and_newer(version: str) -> None:
    REAL_TIME.require_spark(version)


@pytest.mark.parametrize("version", ["3.5.6", "4.1.1", "4.2.0"])
def test_real_time_mode_refuses_an_older_spark(version: str) -> None:
    MICRO_BATCH.require_spark(version)
    with pytest.raises(ConfigurationError, match=f"needs Spark 4.3 or newer, but this is {version}"):
        REAL_TIME.require_spark(version)


@pytest.mark.parametrize(
    ("stages", "is_processing"),
    [
        ([], False),
        ([(1, 1)], False),
        ([(1, 1), (1, 2)], False),
        ([(0, 1), (2, 2)], False),
        ([(1, 1), None], False),
        ([(1, 1), (2, 2)], True),
        ([(1, 1), None, (2, 2)], True),
    ],
)
def test_real_time_query_processes_once_all_tasks_of_both_stages_run(
    stages: list[tuple[int, int] | None], is_processing: bool
) -> None:
    assert REAL_TIME.is_processing(context(*stages)) is is_processing
    assert not MICRO_BATCH.is_processing(context(*stages))


@pytest.mark.parametrize(("mode", "latest"), [(MICRO_BATCH, 1_300_000), (REAL_TIME, 1_360_000)])
def test_sample_may_be_ahead_of_its_batch_by_the_skew_and_the_batchs_length(
    spark: SparkSession, settings_of: SettingsOf, mode: Mode, latest: int
) -> None:
    now_ms = F.lit(1_000_000)
    (row,) = spark.range(1).select(latest_ms(settings_of(), mode, now_ms).alias("latest")).collect()
    assert row["latest"] == latest
