"""The files of a checkpoint, through Hadoop: on any file system that Spark can use, with or without a SparkContext."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from cpu_anomaly.causes import causes_of, has_sign

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

# A file was replaced, or removed, between the question whether it exists and the end of its read.
REPLACED_SIGNS = ("Status Code: 412", "RemoteFileChangedException", "FileNotFoundException")


class CheckpointError(Exception):
    """The checkpoint does not hold what the accounting needs."""


class CheckpointConflictError(CheckpointError):
    """The checkpoint may be whole, but this driver must not go on with it."""


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


@dataclass(frozen=True)
class Hadoop:
    """How Hadoop's file systems are reached: py4j's gateway to the JVM, and a Hadoop Configuration in it."""

    gateway: Any
    conf: Any

    @staticmethod
    def of(spark: SparkSession) -> Hadoop:
        context = cast(Any, spark.sparkContext)
        return Hadoop(context._gateway, context._jsc.hadoopConfiguration())


class CheckpointFiles:
    """Reads and writes files of the checkpoint. Raises UnusableCheckpointError for what the file system refuses."""

    def __init__(self, hadoop: Hadoop, location: str) -> None:
        self._gateway = hadoop.gateway
        self._jvm = self._gateway.jvm
        self._hadoop = hadoop
        self.root = location
        self._root = self._jvm.org.apache.hadoop.fs.Path(location)
        self._files = self._root.getFileSystem(hadoop.conf)

    @property
    def scheme(self) -> str:
        """`file`, `hdfs`, `s3a`."""
        return str(self._files.getUri().getScheme())

    def at(self, location: str) -> CheckpointFiles:
        """Another folder of the same file system."""
        return CheckpointFiles(self._hadoop, location)

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

    def children(self, folder: str) -> list[Any]:
        """The FileStatus of each file and folder in a folder; "" is the checkpoint itself."""
        path = self._path(folder)
        return list(self._files.listStatus(path)) if self._files.exists(path) else []

    def relative(self, path: Any) -> str:
        """The name by which a path below the checkpoint is known here."""
        return str(path.toUri().getPath()).removeprefix(f"{self._root.toUri().getPath()}/")

    def rename(self, target: CheckpointFiles) -> None:
        """Gives the whole checkpoint the name of the target, which does not exist."""
        self._require(self._files.rename(self._root, target._root), self.root, target.root)

    def rename_child(self, name: str, target: CheckpointFiles) -> None:
        old, new = self._path(name), target._path(name)
        self._files.mkdirs(new.getParent())
        self._require(self._files.rename(old, new), self.locate(name), target.locate(name))

    def _require(self, is_renamed: bool, old: str, new: str) -> None:
        if not is_renamed:
            raise UnusableCheckpointError(old, f"cannot be renamed to {new}")

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

    def read(self, name: str) -> str | None:
        """What a text file holds, whatever it is; None if it does not exist."""
        content = self._read_bytes(name)
        return None if content is None else content.decode("utf-8", errors="replace")

    def write(self, name: str, text: str, writer: str = "") -> None:
        """Replaces the file as a whole: a crash leaves the old one or the new one.

        `writer` keeps apart those that may write it at the same time.
        """
        with self._refusals(name, "written"):
            self._replace(name, text, f".{name}{writer}.tmp")

    def _replace(self, name: str, text: str, temporary_name: str) -> None:
        path, temporary = self._path(name), self._path(temporary_name)
        if self.scheme == "file":
            # A checksum that Hadoop has written for the file would be that of the old one.
            self._files.delete(self._path(f".{name}.crc"), False)
            replace_local(Path(temporary.toUri().getPath()), Path(path.toUri().getPath()), text)
        elif self.scheme == "s3a":
            self._write_new(path, text)  # an object appears as a whole, once it is closed; its rename would be a copy
        else:
            self._write_new(temporary, text)
            self._rename_over(temporary, path)

    def _write_new(self, path: Any, text: str) -> None:
        stream = self._files.create(path, True)
        try:
            stream.write(text.encode("utf-8"))
        finally:
            stream.close()

    def _rename_over(self, temporary: Any, path: Any) -> None:
        rename = self._jvm.org.apache.hadoop.fs.Options.Rename
        overwrite = self._gateway.new_array(rename, 1)
        overwrite[0] = rename.OVERWRITE
        context = self._jvm.org.apache.hadoop.fs.FileContext.getFileContext(self._files.getUri(), self._hadoop.conf)
        context.rename(temporary, path, overwrite)

    def _read_bytes(self, name: str) -> bytes | None:
        with self._refusals(name, "read"):
            return self._read_whole(name, rereads=5)

    def _read_whole(self, name: str, rereads: int) -> bytes | None:
        """On S3 a read fails when the file is replaced meanwhile; a lease or a ledger is, every few seconds."""
        try:
            return self._read_once(name)
        except Py4JJavaError as error:
            if rereads == 0 or not has_sign(REPLACED_SIGNS, causes_of(error)):
                raise
        return self._read_whole(name, rereads - 1)

    def _read_once(self, name: str) -> bytes | None:
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
        return self._jvm.org.apache.hadoop.fs.Path(self._root, name) if name else self._root


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
