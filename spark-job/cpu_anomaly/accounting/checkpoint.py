"""The query's checkpoint: its files, and what Spark writes about its batches into them."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

# Offsets by topic and partition, as Spark's Kafka source writes them.
Offsets = Mapping[str, Mapping[str, int]]
T = TypeVar("T")

WAYS_OUT = "restore the checkpoint from a backup, or start a new one with `submit --new-checkpoint`"


class CheckpointError(Exception):
    """The checkpoint does not hold what the accounting needs."""


class DamagedCheckpointError(CheckpointError):
    """A file of the checkpoint does not hold what was written there: a crash, a disk or a person has changed it."""

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(f"the checkpoint is damaged: {file.removeprefix('file:')} {problem}; {WAYS_OUT}")
        self.problem = problem


class Checkpoint:
    """Reads and writes files of the checkpoint through Hadoop, so on any file system that Spark can use."""

    def __init__(self, spark: SparkSession, location: str) -> None:
        self._gateway = cast(Any, spark.sparkContext)._gateway
        self._jvm = self._gateway.jvm
        self.root = location
        self._root = self._jvm.org.apache.hadoop.fs.Path(location)
        conf = cast(Any, spark.sparkContext)._jsc.hadoopConfiguration()
        self._files = self._root.getFileSystem(conf)
        self._context = self._jvm.org.apache.hadoop.fs.FileContext.getFileContext(self._files.getUri(), conf)

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

    def locate(self, name: str) -> str:
        return str(self._path(name).toString())

    def exists(self, name: str) -> bool:
        return bool(self._files.exists(self._path(name)))

    def contains(self, file: str) -> bool:
        """True if a file, given as a full path, belongs to the checkpoint, whether it exists or not."""
        root, path = (each.toUri().getPath() for each in (self._root, self._path(file)))
        return bool(path.startswith(f"{root}/"))

    def files(self, folder: str) -> list[str]:
        """Every file below a folder, as a full path; the newest first.

        Not those whose names begin with a dot: Hadoop's checksums, and temporary files, also of an attempt that failed.
        """
        path = self._path(folder)
        if not self._files.exists(path):
            return []
        found, each = [], self._files.listFiles(path, True)
        while each.hasNext():
            status = each.next()
            if not status.getPath().getName().startswith("."):
                found.append((status.getModificationTime(), str(status.getPath().toString())))
        return [name for _, name in sorted(found, reverse=True)]

    def open(self, name: str) -> Any:
        """A java.io.InputStream, which the caller closes."""
        return self._files.open(self._path(name))

    def remove(self, name: str) -> None:
        self._files.delete(self._path(name), False)

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

    def _read_bytes(self, name: str) -> bytes | None:
        path = self._path(name)
        if not self._files.exists(path):
            return None
        stream = self.open(name)
        try:
            return bytes(stream.readAllBytes())
        except Py4JJavaError as error:
            if "ChecksumException" not in str(error.java_exception.toString()):
                raise
            raise DamagedCheckpointError(self.locate(name), "is not as it was written: its checksum differs") from error
        finally:
            stream.close()

    def _newest(self, folder: str) -> int:
        """The highest number that is the name of a file; -1 if there is none."""
        path = self._path(folder)
        if not self._files.exists(path):
            return -1
        names = [status.getPath().getName() for status in self._files.listStatus(path)]
        return max((int(name) for name in names if name.isdigit()), default=-1)

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
        """Raises ValueError for a log of another version, or of a query with several sources."""
        version, metadata, *sources = text.splitlines()
        if version != "v1" or len(sources) != 1:
            raise ValueError(f"version {version!r} and {len(sources)} sources; expected version 'v1' and 1 source")
        planned = json.loads(metadata)
        return BatchPlan(
            whole_number(planned["batchTimestampMs"]), whole_number(planned["batchWatermarkMs"]), offsets_of(sources[0])
        )


def offsets_of(text: str) -> Offsets:
    """Raises ValueError, TypeError or AttributeError unless the text is JSON of offsets by topic and partition."""
    topics = json.loads(text)
    return {
        topic: {partition: whole_number(offset) for partition, offset in partitions.items()}
        for topic, partitions in topics.items()
    }


def whole_number(value: object) -> int:
    if type(value) is not int:
        raise TypeError(f"{value!r} is not a whole number")
    return value


def checksum(content: bytes) -> str:
    """CRC-32, which finds every change of up to 32 neighbouring bits."""
    return f"{zlib.crc32(content):08x}"
