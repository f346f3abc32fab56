"""The state of the windows, which Spark keeps in the checkpoint."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import Any, cast

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from cpu_anomaly.accounting.checkpoint import Checkpoint, DamagedCheckpointError

# The files that hold rows, by suffix: compressed with checksums inside, or archives with checksums.
COMPRESSED = (".delta", ".snapshot", ".changelog")
ARCHIVE = ".zip"
# Beside the files that real-time mode writes: their size and checksum, as JSON.
CHECKSUM = ".crc"


def load_state(spark: SparkSession, checkpoint: Checkpoint, batch: int) -> None:
    """Loads the state as it was after a batch, as the query does: every partition of it, and at most a row of each.

    Raises what Spark raises for a file of the state that is missing or damaged.
    """
    state_format = checkpoint.parse(f"commits/{batch}", format_version)
    if state_format is None:
        return
    session = spark.newSession()  # Spark makes this setting in the query's own session
    session.conf.set("spark.sql.streaming.stateStore.checkpointFormatVersion", state_format)
    state = session.read.format("statestore").option("path", checkpoint.root).option("batchId", batch).load()
    # The limit is per partition before it is one of all.
    state.limit(1).count()


def format_version(commit: str) -> str:
    """`v2` if the commit says which files the state consists of, as in real-time mode."""
    return commit.split("\n", 1)[0].removeprefix("v")


def find_damaged_state(spark: SparkSession, location: str) -> DamagedCheckpointError | None:
    """The newest file of the state that cannot be read to its end. Spark often does not say which one it is."""
    checkpoint = Checkpoint(spark, location)
    for name in checkpoint.files("state"):
        stream = checkpoint.open(name)
        try:
            if stream.available() == 0:
                return DamagedCheckpointError(name, "is empty")
            read_to_end(spark, PurePosixPath(name), stream)
        except (Py4JJavaError, ValueError) as error:
            cause = error.java_exception.toString() if isinstance(error, Py4JJavaError) else error
            return DamagedCheckpointError(name, f"cannot be read ({cause})")
        finally:
            stream.close()
    return None


def read_to_end(spark: SparkSession, path: PurePosixPath, stream: Any) -> None:
    """Raises Py4JJavaError or ValueError if the file is damaged, as far as its own checksums tell."""
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
    elif path.suffix == CHECKSUM and not path.name.startswith("."):  # Hadoop's own begin with a dot
        json.loads(bytes(stream.readAllBytes()))
