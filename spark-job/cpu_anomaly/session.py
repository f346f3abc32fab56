"""The Spark session of the driver, and the scheduler pools of its threads."""

from __future__ import annotations

from typing import Any, cast

from py4j.protocol import Py4JJavaError
from pyspark import SparkConf, SparkContext
from pyspark.sql import SparkSession

from cpu_anomaly.causes import causes_of, has_sign
from cpu_anomaly.modes import Mode
from cpu_anomaly.settings import Settings

SparkOptions = dict[str, bool | float | int | str | None]

# The auditor reads the plans of committed batches from the checkpoint, so they must outlast its backlog; see its
# MAX_BATCHES_BEHIND.
BATCHES_TO_RETAIN = 100
# Spark keeps the records that a task has fetched for the task that reads on from there, by default for five minutes.
# If tasks share a partition, only the last task of a batch has such a successor, and the rest would fill the heap.
FORGET_FETCHED: SparkOptions = {
    "spark.kafka.consumer.fetchedData.cache.timeout": "1s",
    "spark.kafka.consumer.fetchedData.cache.evictorThreadRunInterval": "1s",
}


class RestartNeededError(Exception):
    """This driver cannot go on, but a new one can."""


class ClusterError(Exception):
    """The cluster has not accepted the application, or has ended it already."""


def start_spark(settings: Settings, mode: Mode, master: str | None = None) -> SparkSession:
    """What the job itself relies on; everything that depends on the machine comes from spark-submit.

    `master` replaces that of spark-submit. Raises ClusterError.
    """
    try:
        return session_of(settings, mode, master)
    except Py4JJavaError as error:
        # Spark tells the reason only in its log: it stops the context before anybody can ask it.
        if not has_sign(("stopped SparkContext",), causes_of(error)):
            raise
        raise ClusterError(
            f"no master accepted the application at {SparkConf().get('spark.master')}: check that it is reachable from "
            "here, and that spark.authenticate and spark.authenticate.secret are those of the cluster; a master closes "
            "the connection if they are not, and does not say why"
        ) from error


def session_of(settings: Settings, mode: Mode, master: str | None) -> SparkSession:
    builder = SparkSession.builder.master(master) if master else SparkSession.builder
    return (
        builder.appName(settings.app_name)
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.scheduler.mode", "FAIR")
        # A stateful query cannot be adaptive, and unless this is off Spark warns about it at every start.
        .config("spark.sql.adaptive.enabled", "false")
        .config("spark.sql.streaming.minBatchesToRetain", BATCHES_TO_RETAIN)
        # A query that has nothing to read is ready once Spark has called it idle, by default after ten seconds.
        .config("spark.sql.streaming.noDataProgressEventInterval", "1s")
        # In update mode a batch without data emits nothing; the next one with data drops old state too.
        .config("spark.sql.streaming.noDataMicroBatches.enabled", "false")
        # All paths of a JSON record are read in one pass.
        .config("spark.sql.optimizer.getJsonObjectSharedParsing.enabled", "true")
        # Kafka's secrets are options of source and sink, and the UI shows options unless they match this.
        .config("spark.sql.redaction.options.regex", "(?i)url|jaas|sasl|ssl|secret|password|token|credential")
        # Real-time mode's shuffle delays a row by up to 50 ms by default, to send it together with others.
        .config("spark.shuffle.streaming.networkBufferMaxWaitTimeMs", 1)
        .config(map=local_checkpoint_options(settings.checkpoint, uses_rocksdb=uses_rocksdb()))
        .config(map=FORGET_FETCHED)
        .config("spark.ui.liveUpdate.period", mode.live_update_period)
        .getOrCreate()
    )


def use_pool(spark: SparkSession, name: str) -> None:
    """Puts the Spark jobs of the calling thread into a pool, which shares the cores fairly with the other pools."""
    spark.sparkContext.setLocalProperty("spark.scheduler.pool", name)


def uses_rocksdb() -> bool:
    """True if spark-submit was told to keep the state in RocksDB."""
    cast(Any, SparkContext)._ensure_initialized()  # starts the JVM, which has the properties
    return "RocksDB" in (SparkConf().get("spark.sql.streaming.stateStore.providerClass") or "")


def local_checkpoint_options(checkpoint: str, *, uses_rocksdb: bool) -> SparkOptions:
    """For a checkpoint on a local disk, the cheapest way to write it.

    Without Hadoop's native library `FileContext` forks a process for each rename, a dozen per batch. Hadoop's checksum
    files do not help either: Spark writes checksums of its state files itself. With RocksDB they cannot be avoided: it
    uploads its snapshots through `FileSystem.getLocal`, which accepts no other class. Without snapshots nothing would
    fail, but the changelog would grow for ever, and each restart would replay all of it.
    """
    if "://" in checkpoint and not checkpoint.startswith("file:"):
        return {}
    manager = "org.apache.spark.sql.execution.streaming.checkpointing.FileSystemBasedCheckpointFileManager"
    options: SparkOptions = {
        "spark.sql.streaming.checkpointFileManagerClass": manager,
        "spark.hadoop.fs.AbstractFileSystem.file.impl": "org.apache.hadoop.fs.local.RawLocalFs",
    }
    if not uses_rocksdb:
        options["spark.hadoop.fs.file.impl"] = "org.apache.hadoop.fs.RawLocalFileSystem"
    return options
