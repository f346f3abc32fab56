"""The two modes in which Spark runs the query, and everything that differs between them.

`mode_of` picks one, once. The rest of the job uses the properties of the mode and never asks which one it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol, cast

from pyspark import SparkContext
from pyspark.sql import Column
from pyspark.sql.streaming.readwriter import DataStreamWriter

from cpu_anomaly.settings import ConfigurationError, Settings

# What real-time mode is taken to read of a backlog at least. Assumed, not measured: it only decides when the driver
# looks at one.
SURE_RECORDS_PER_S = 10_000


class Mode(Protocol):
    """How Spark runs the query."""

    @property
    def batch_ms(self) -> int:
        """How long a batch keeps reading new records; 0 if it reads only those that were there when it started."""

    @property
    def batch_records(self) -> int:
        """Up to this many unread records are taken to be read by one batch."""

    @property
    def interval_ms(self) -> int:
        """The time from one commit to the next while batches are short."""

    @property
    def plans_ahead(self) -> bool:
        """True if a batch is planned before it runs, so that Spark repeats it as planned if it was not committed.

        Otherwise the plan is written when the batch ends, and Spark forgets one without a commit.
        """

    @property
    def observes_anomalies(self) -> bool:
        """True if the query itself reports a batch's anomalies; otherwise they are read from the output topic."""

    @property
    def catch_up(self) -> Mode | None:
        """The mode that reads what is there now, in batches of bounded size, and ends. None if they have no bound."""

    @property
    def live_update_period(self) -> str:
        """`spark.ui.liveUpdate.period`: how fresh the stages and tasks are that Spark's status tracker shows."""

    def require_spark(self, version: str) -> None:
        """Raises ConfigurationError if this version of Spark does not have the mode."""

    def read_options(self, cores: int) -> dict[str, int]:
        """Options of the Kafka source that size its batches and their tasks."""

    def task_slots(self, input_partitions: int, shuffle_partitions: int) -> int:
        """Task slots that the job needs at once; 0 if any number will do."""

    def with_trigger(self, writer: DataStreamWriter) -> DataStreamWriter:
        """The writer with the mode's trigger."""

    def is_processing(self, context: SparkContext) -> bool:
        """True if the query is known to process records although it has not committed a batch yet."""


@dataclass(frozen=True)
class MicroBatch:
    """A batch reads what has arrived since the last one, writes its results and commits."""

    trigger_interval_ms: int
    max_offsets_per_trigger: int

    batch_ms: ClassVar[int] = 0
    plans_ahead: ClassVar[bool] = True
    observes_anomalies: ClassVar[bool] = True
    live_update_period: ClassVar[str] = "100ms"  # Spark's default

    @property
    def batch_records(self) -> int:
        return self.max_offsets_per_trigger

    @property
    def interval_ms(self) -> int:
        return self.trigger_interval_ms

    @property
    def catch_up(self) -> Mode | None:
        return MicroBatchesOfBacklog(self.trigger_interval_ms, self.max_offsets_per_trigger)

    def require_spark(self, version: str) -> None:
        """Every supported version has it."""

    def read_options(self, cores: int) -> dict[str, int]:
        # As many tasks as cores, even if the topic has one partition: parsing costs more than fetching.
        return {"minPartitions": cores, "maxOffsetsPerTrigger": self.max_offsets_per_trigger}

    def task_slots(self, input_partitions: int, shuffle_partitions: int) -> int:  # noqa: ARG002 (the interface of both modes)
        """Tasks take turns."""
        return 0

    def with_trigger(self, writer: DataStreamWriter) -> DataStreamWriter:
        return writer.trigger(processingTime=f"{self.trigger_interval_ms} milliseconds")

    def is_processing(self, context: SparkContext) -> bool:  # noqa: ARG002 (the interface of both modes)
        """Never known: only a commit shows it."""
        return False


@dataclass(frozen=True)
class MicroBatchesOfBacklog(MicroBatch):
    """One batch right after the other, up to where the topic ended at the start."""

    def with_trigger(self, writer: DataStreamWriter) -> DataStreamWriter:
        return writer.trigger(availableNow=True)


@dataclass(frozen=True)
class RealTime:
    """Long-running tasks pass each record on as it arrives; a batch lasts from one checkpoint to the next."""

    checkpoint_interval_ms: int

    plans_ahead: ClassVar[bool] = False
    # Windows are updated once per sample, too many updates to collect.
    observes_anomalies: ClassVar[bool] = False
    catch_up: ClassVar[Mode | None] = None
    # Task events are rare in this mode and each one counts: see `is_processing`.
    live_update_period: ClassVar[str] = "0ms"

    @property
    def batch_ms(self) -> int:
        return self.checkpoint_interval_ms

    @property
    def batch_records(self) -> int:
        return self.checkpoint_interval_ms * SURE_RECORDS_PER_S // 1000

    @property
    def interval_ms(self) -> int:
        return self.checkpoint_interval_ms

    def require_spark(self, version: str) -> None:
        """Real-time mode came with Spark 4.1, but with aggregations only in 4.3."""
        major, minor = (int(part) for part in version.split(".")[:2])
        if (major, minor) < (4, 3):
            raise ConfigurationError(
                f"TRIGGER=real-time needs Spark 4.3 or newer, but this is {version}: set TRIGGER=micro-batch"
            )

    def read_options(self, cores: int) -> dict[str, int]:  # noqa: ARG002 (the interface of both modes)
        """None: records pass through one by one, and every partition has one task."""
        return {}

    def task_slots(self, input_partitions: int, shuffle_partitions: int) -> int:
        """All tasks run at once; one more slot is for the audit. `submit` counts in the same way (`job/trigger.ts`)."""
        return input_partitions + shuffle_partitions + 1

    def with_trigger(self, writer: DataStreamWriter) -> DataStreamWriter:
        # The ledger follows what Spark reports, so a commit must be on disk by then, not on its way there.
        synchronous = writer.option("asyncProgressTrackingEnabled", "false")
        interval = f"{self.checkpoint_interval_ms} milliseconds"
        # pyspark's overloads of `trigger` do not know real-time mode yet.
        return cast(DataStreamWriter, synchronous.trigger(realTime=interval))  # type: ignore[call-overload]

    def is_processing(self, context: SparkContext) -> bool:
        """All tasks of both stages run: they hold their slots for the whole batch."""
        tracker = context.statusTracker()
        stages = [info for stage in tracker.getActiveStageIds() if (info := tracker.getStageInfo(stage))]
        return len(stages) >= 2 and all(info.numActiveTasks == info.numTasks for info in stages)


def mode_of(settings: Settings) -> Mode:
    if settings.trigger == "real-time":
        return RealTime(settings.checkpoint_interval_ms)
    return MicroBatch(settings.trigger_interval_ms, settings.max_offsets_per_trigger)


def latest_ms(settings: Settings, mode: Mode, now_ms: Column) -> Column:
    """The latest time that a sample may have, in a batch that started at `now_ms`; both in ms since 1970."""
    return now_ms + (settings.max_future_skew_ms + mode.batch_ms)
