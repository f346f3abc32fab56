"""The state of the windows, which Spark keeps in the checkpoint."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from contextlib import closing
from pathlib import PurePosixPath
from typing import Any, cast

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from cpu_anomaly.accounting.checkpoint import Checkpoint
from cpu_anomaly.accounting.files import DamagedCheckpointError

# The files that hold rows, by suffix: compressed with checksums inside, or archives with checksums.
COMPRESSED = (".delta", ".snapshot", ".changelog")
ARCHIVE = ".zip"
# Beside the files that real-time mode writes: their size and checksum, as JSON.
CHECKSUM = ".crc"
# The types of key and value. Spark does not say which file it is if it cannot read this one.
SCHEMA = "schema"
NOT_FOUND = re.compile(r"FileNotFoundException: File (.+) does not exist")


def load_state(spark: SparkSession, checkpoint: Checkpoint, batch: int) -> None:
    """Loads the state as it was after a batch, as the query does: every partition of it, and at most a row of each.

    Raises DamagedCheckpointError, or what Spark raises for a file of the state that is missing or damaged.
    """
    state_format = checkpoint.parse(f"commits/{batch}", format_version)
    if state_format is None:
        return
    require_folders(checkpoint, batch)
    session = spark.newSession()  # Spark makes this setting in the query's own session
    session.conf.set("spark.sql.streaming.stateStore.checkpointFormatVersion", state_format)
    state = session.read.format("statestore").option("path", checkpoint.root).option("batchId", batch).load()
    # The limit is per partition before it is one of all.
    state.limit(1).count()


def require_folders(checkpoint: Checkpoint, batch: int) -> None:
    """Raises DamagedCheckpointError if a partition has no folder: Spark loads those that are there for the whole."""
    partitions = checkpoint.parse(f"offsets/{batch}", shuffle_partitions) or 0
    for name in ("state", "state/0", *(f"state/0/{partition}" for partition in range(partitions))):
        if not checkpoint.exists(name):
            raise DamagedCheckpointError(checkpoint.locate(name), "is missing")


def shuffle_partitions(plan: str) -> int:
    """How many partitions the state has, from the line of a batch's plan that holds Spark's settings."""
    return int(json.loads(plan.splitlines()[1])["conf"].get("spark.sql.shuffle.partitions", 0))


def format_version(commit: str) -> str:
    """`v2` if the commit says which files the state consists of, as in real-time mode."""
    return commit.split("\n", 1)[0].removeprefix("v")


def find_damaged_state(spark: SparkSession, location: str, causes: Sequence[str]) -> DamagedCheckpointError | None:
    """The file of the state to which a failure is due, as far as can be seen; `causes` is what Spark says about it."""
    checkpoint = Checkpoint.of(spark, location)
    return find_missing(checkpoint, causes) or find_unreadable(spark, checkpoint)


def find_missing(checkpoint: Checkpoint, causes: Sequence[str]) -> DamagedCheckpointError | None:
    batch = checkpoint.last_commit()
    if batch < 0:
        return None
    try:
        require_folders(checkpoint, batch)
    except DamagedCheckpointError as error:
        return error
    for name in (found[1] for cause in causes if (found := NOT_FOUND.search(cause))):
        if checkpoint.contains(name) and not PurePosixPath(name).name.startswith(".") and not checkpoint.exists(name):
            return DamagedCheckpointError(name, "is missing")
    return None


def find_unreadable(spark: SparkSession, checkpoint: Checkpoint) -> DamagedCheckpointError | None:
    """The newest file that cannot be read to its end. Spark often does not say which one it is."""
    problems = ((name, problem_in(spark, checkpoint, name)) for name in checkpoint.files("state"))
    return next((DamagedCheckpointError(name, problem) for name, problem in problems if problem), None)


def problem_in(spark: SparkSession, checkpoint: Checkpoint, name: str) -> str | None:
    try:
        with closing(checkpoint.open(name)) as stream:
            if stream.available() == 0:
                return "is empty"
            read_to_end(spark, PurePosixPath(name), stream)
    except (Py4JJavaError, PySparkException, ValueError) as error:
        cause = str(error.java_exception.toString() if isinstance(error, Py4JJavaError) else error)
        return f"cannot be read ({cause.splitlines()[0]})"
    return None


def read_to_end(spark: SparkSession, path: PurePosixPath, stream: Any) -> None:
    """Raises Py4JJavaError, PySparkException or ValueError if the file is damaged, as far as its checksums tell."""
    jvm = cast(Any, spark.sparkContext)._jvm
    if path.suffix in COMPRESSED:
        conf = cast(Any, spark.sparkContext)._jsc.sc().conf()
        codec = jvm.org.apache.spark.io.CompressionCodec.createCodec(conf, "lz4")
        jvm.org.apache.commons.io.IOUtils.consume(codec.compressedInputStream(stream))
    elif path.suffix == ARCHIVE:
        archive = jvm.java.util.zip.ZipInputStream(stream)
        entries = 0
        while archive.getNextEntry() is not None:
            jvm.org.apache.commons.io.IOUtils.consume(archive)
            entries += 1
        if entries == 0:
            raise ValueError("it is not an archive, or an empty one")
    elif path.name == SCHEMA:
        reader = getattr(jvm.org.apache.spark.sql.execution.streaming.state, "StateSchemaCompatibilityChecker$")
        getattr(reader, "MODULE$").readSchemaFile(stream)
    elif path.suffix == CHECKSUM:
        json.loads(bytes(stream.readAllBytes()))
