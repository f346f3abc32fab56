"""The query's checkpoint: what Spark writes there, and the ledger that the accounting keeps in it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, cast

from pyspark.sql import SparkSession

from cpu_anomaly.accounting.late import Late, add_up

# Offsets by topic and partition, as Spark's Kafka source writes them.
Offsets = Mapping[str, Mapping[str, int]]

LEDGER = "cpu-anomaly-ledger.json"


class CheckpointError(Exception):
    """The checkpoint does not hold what the accounting needs."""


class Checkpoint:
    """Reads and writes files of the checkpoint through Hadoop, so on any file system that Spark can use."""

    def __init__(self, spark: SparkSession, location: str) -> None:
        self._gateway = cast(Any, spark.sparkContext)._gateway
        self._jvm = self._gateway.jvm
        self._root = self._jvm.org.apache.hadoop.fs.Path(location)
        conf = cast(Any, spark.sparkContext)._jsc.hadoopConfiguration()
        self._files = self._root.getFileSystem(conf)
        self._context = self._jvm.org.apache.hadoop.fs.FileContext.getFileContext(self._files.getUri(), conf)

    def last_commit(self) -> int:
        """The newest batch that Spark committed; -1 if there is none."""
        commits = self._path("commits")
        if not self._files.exists(commits):
            return -1
        names = [status.getPath().getName() for status in self._files.listStatus(commits)]
        return max((int(name) for name in names if name.isdigit()), default=-1)

    def plan(self, batch: int) -> BatchPlan:
        """Raises CheckpointError if Spark has removed the batch from its offset log."""
        text = self.read(f"offsets/{batch}")
        if text is None:
            raise CheckpointError(f"the offset log no longer has batch {batch}")
        return BatchPlan.from_log(text)

    def first_offsets(self) -> Offsets:
        """Where batch 0 started, from the Kafka source's own file: a zero byte, a version, a newline, JSON."""
        text = self.read("sources/0/0")
        if text is None:
            raise CheckpointError("the checkpoint does not say where its first batch started")
        return cast(Offsets, json.loads(text.split("\n", 1)[1]))

    def read(self, name: str) -> str | None:
        """The text of a file; None if it does not exist."""
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
        # On a local disk the checksum is renamed in a second step. A file without a checksum is read unchecked, but
        # with an old one, after a crash between the two steps, it could not be read at all.
        self._files.delete(self._path(f".{name}.crc"), False)

    def _path(self, name: str) -> Any:
        return self._jvm.org.apache.hadoop.fs.Path(self._root, name)


@dataclass(frozen=True)
class BatchPlan:
    """What Spark wrote into its offset log before it ran a batch: its time, its watermark, and where it ends."""

    timestamp_ms: int
    watermark_ms: int
    end: Offsets

    @staticmethod
    def from_log(text: str) -> BatchPlan:
        """Raises CheckpointError for a log of another version, or of a query with several sources."""
        version, metadata, *sources = text.splitlines()
        if version != "v1" or len(sources) != 1:
            raise CheckpointError(
                f"the offset log has version {version!r} and {len(sources)} sources; expected version 'v1' and 1 source"
            )
        planned = json.loads(metadata)
        return BatchPlan(planned["batchTimestampMs"], planned["batchWatermarkMs"], json.loads(sources[0]))


@dataclass(frozen=True)
class Ledger:
    """What became of every line that batches up to and including `batch` have read. Names are those of its JSON."""

    batch: int = -1
    read: int = 0
    dead_lettered: int = 0
    late: int = 0
    topic_ids: Mapping[str, str] = field(default_factory=dict)
    # Which series the late samples belong to; see `add_up`.
    late_series: Sequence[Late] = ()

    @staticmethod
    def load(checkpoint: Checkpoint) -> Ledger:
        text = checkpoint.read(LEDGER)
        fields = json.loads(text) if text else {}
        return Ledger(**{**fields, "late_series": tuple(Late(**late) for late in fields.get("late_series", []))})

    def save(self, checkpoint: Checkpoint) -> None:
        checkpoint.write(LEDGER, json.dumps(asdict(self)))

    def after(self, batch: int, read: int, dead_lettered: int = 0, late: Sequence[Late] = ()) -> Ledger:
        """The ledger once further batches, up to `batch`, are accounted for."""
        return replace(
            self,
            batch=batch,
            read=self.read + read,
            dead_lettered=self.dead_lettered + dead_lettered,
            late=self.late + sum(each.samples for each in late),
            late_series=tuple(add_up([*self.late_series, *late])),
        )

    def totals(self) -> dict[str, int]:
        return {"read": self.read, "dead_lettered": self.dead_lettered, "late": self.late}
