"""The checkpoint."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, cast

from pyspark.sql import SparkSession

LEDGER = "cpu-anomaly-ledger.json"


class CheckpointError(Exception):
    """The checkpoint does not hold what the accounting needs."""


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
