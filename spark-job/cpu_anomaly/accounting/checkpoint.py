"""The query's checkpoint: what Spark writes about its batches into it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pyspark.sql import SparkSession

from cpu_anomaly.accounting.files import (
    WAYS_OUT,
    CheckpointError,
    CheckpointFiles,
    DamagedCheckpointError,
    Hadoop,
    checksum,
)
from cpu_anomaly.accounting.plan import BatchPlan, Offsets, offsets_of

T = TypeVar("T")


class Checkpoint(CheckpointFiles):
    """The logs of Spark in the checkpoint, and the files that are kept beside them."""

    @staticmethod
    def of(spark: SparkSession, location: str) -> Checkpoint:
        return Checkpoint(Hadoop.of(spark), location)

    def last_commit(self) -> int:
        """The newest batch that Spark committed; -1 if there is none."""
        return self._newest("commits")

    def last_plan(self) -> int:
        """The newest batch that Spark planned; -1 if there is none."""
        return self._newest("offsets")

    def next_batch(self, *, plans_ahead: bool) -> int:
        """The batch with which Spark goes on: a new one, or the one that was planned and not committed; see `modes`."""
        planned, committed = self.last_plan(), self.last_commit()
        return planned if plans_ahead and planned > committed else committed + 1

    def plan(self, batch: int) -> BatchPlan:
        """Raises CheckpointError if the batch is not in Spark's offset log."""
        plan = self.parse(f"offsets/{batch}", BatchPlan.from_log)
        if plan is None:
            raise CheckpointError(f"the offset log no longer has batch {batch}; {WAYS_OUT}")
        return plan

    def first_offsets(self) -> Offsets:
        """Where batch 0 started, from the Kafka source's own file: a zero byte, a version, a newline, JSON."""
        first = self.parse("sources/0/0", lambda text: offsets_of(text.split("\n", 1)[1]))
        if first is None:
            raise DamagedCheckpointError(self.locate("sources/0/0"), "is missing, which says where batch 0 started")
        return first

    def position(self) -> Offsets:
        """Where the next batch starts to read: where the last commit ended. Empty if no batch was ever planned."""
        last = self.last_commit()
        if last >= 0:
            return self.plan(last).end
        return self.first_offsets() if self._files.exists(self._path("sources/0/0")) else {}

    def parse(self, name: str, parser: Callable[[str], T]) -> T | None:
        """What a file holds; None if it does not exist. Raises DamagedCheckpointError if the parser cannot read it."""
        content = self._read_bytes(name)
        if content is None:
            return None
        if not content.strip(b"\x00 \r\n"):
            raise DamagedCheckpointError(self.locate(name), "is empty")
        try:
            return parser(content.decode("utf-8"))
        # Whatever a parser of JSON objects raises that finds something else.
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise DamagedCheckpointError(self.locate(name), f"cannot be read ({error})") from error

    def fingerprint(self, name: str) -> str | None:
        """A checksum of a file; None if it does not exist."""
        content = self._read_bytes(name)
        return None if content is None else checksum(content)
