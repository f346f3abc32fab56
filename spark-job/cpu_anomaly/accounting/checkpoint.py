"""The query's checkpoint: its files, and what Spark writes about its batches into them."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from cpu_anomaly.accounting.plan import BatchPlan, Offsets, offsets_of

T = TypeVar("T")

WAYS_OUT = "restore the checkpoint from a backup, or start a new one with `submit --new-checkpoint`"
# What a file system refuses for good, and what that means. Not a full disk, or too many open files: that may pass.
REFUSALS = {
    "Permission denied": "permission denied",
    "Read-only file system": "the file system is read-only",
    "Input/output error": "input/output error",
    "Is a directory": "it is a directory",
    "must both be directories": "it is a directory",
    "is not empty": "it is a directory",
}


class CheckpointError(Exception):
    """The checkpoint does not hold what the accounting needs."""


class DamagedCheckpointError(CheckpointError):
    """A file of the checkpoint does not hold what was written there: a crash, a disk or a person has changed it."""

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(f"the checkpoint is damaged: {file.removeprefix('file:')} {problem}; {WAYS_OUT}")
        self.problem = problem


class UnusableCheckpointError(CheckpointError):
    """A file cannot be read or written. What it holds may be whole, so nothing is removed or mended for this."""

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(
            f"the checkpoint cannot be used: {file.removeprefix('file:')} {problem}; mend that, {WAYS_OUT}"
        )


class Checkpoint:
    """Reads and writes files of the checkpoint through Hadoop, so on any file system that Spark can use.

    Raises UnusableCheckpointError for what the file system refuses.
    """

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
        path = self._path(name)
        with self._refusals(name, "removed"):
            self._files.delete(path, False)
        # On a local disk Hadoop does not say whether the system has removed it.
        if self._files.exists(path):
            raise UnusableCheckpointError(self.locate(name), "cannot be removed: its folder cannot be written")

    def write(self, name: str, text: str) -> None:
        """Replaces the file as a whole: a crash leaves the old one or the new one."""
        with self._refusals(name, "written"):
            self._replace(name, text)

    def _replace(self, name: str, text: str) -> None:
        path, temporary = self._path(name), self._path(f".{name}.tmp")
        if self._files.getUri().getScheme() == "file":
            # A checksum that Hadoop has written for the file would be that of the old one.
            self._files.delete(self._path(f".{name}.crc"), False)
            replace_local(Path(temporary.toUri().getPath()), Path(path.toUri().getPath()), text)
        else:
            self._replace_elsewhere(temporary, path, text)

    def _replace_elsewhere(self, temporary: Any, path: Any, text: str) -> None:
        stream = self._files.create(temporary, True)
        try:
            stream.write(text.encode("utf-8"))
        finally:
            stream.close()
        rename = self._jvm.org.apache.hadoop.fs.Options.Rename
        overwrite = self._gateway.new_array(rename, 1)
        overwrite[0] = rename.OVERWRITE
        self._context.rename(temporary, path, overwrite)

    def _read_bytes(self, name: str) -> bytes | None:
        with self._refusals(name, "read"):
            if not self.exists(name):
                return None
            stream = self.open(name)
            try:
                return bytes(stream.readAllBytes())
            finally:
                stream.close()

    def _newest(self, folder: str) -> int:
        """The highest number that is the name of a file; -1 if there is none."""
        path = self._path(folder)
        with self._refusals(folder, "read"):
            if not self._files.exists(path):
                return -1
            if self._files.getFileStatus(path).isFile():
                raise DamagedCheckpointError(self.locate(folder), "is not a folder")
            names = [status.getPath().getName() for status in self._files.listStatus(path)]
        return max((int(name) for name in names if name.isdigit()), default=-1)

    @contextmanager
    def _refusals(self, name: str, what: str) -> Iterator[None]:
        """Names the file that the file system refuses to read or write."""
        try:
            yield
        except (Py4JJavaError, OSError) as error:
            cause = str(error if isinstance(error, OSError) else error.java_exception.toString())
            if "ChecksumException" in cause:
                problem = "is not as it was written: its checksum differs"
                raise DamagedCheckpointError(self.locate(name), problem) from error
            if reason := next((reason for sign, reason in REFUSALS.items() if sign in cause), None):
                raise UnusableCheckpointError(self.locate(name), f"cannot be {what}: {reason}") from error
            raise

    def _path(self, name: str) -> Any:
        return self._jvm.org.apache.hadoop.fs.Path(self._root, name)


def replace_local(temporary: Path, path: Path, text: str) -> None:
    """Hadoop removes a local file before it renames another to its name: a crash in between would leave neither."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def checksum(content: bytes) -> str:
    """CRC-32, which finds every change of up to 32 neighbouring bits."""
    return f"{zlib.crc32(content):08x}"
