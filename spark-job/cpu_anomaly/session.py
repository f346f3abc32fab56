"""The Spark session."""

from __future__ import annotations

from pyspark.sql import SparkSession

from cpu_anomaly.settings import Settings

BATCHES_TO_RETAIN = 100
# What a task has fetched is kept for the task that reads on from there, and for five minutes by default. Where tasks
# share a partition only the last of a batch has such a successor: the others' records would fill the heap.
FORGET_FETCHED: dict[str, bool | float | int | str | None] = {
    "spark.kafka.consumer.fetchedData.cache.timeout": "1s",
    "spark.kafka.consumer.fetchedData.cache.evictorThreadRunInterval": "1s",
}


def start_spark(settings: Settings) -> SparkSession:
    """What the job itself relies on; everything that depends on the machine comes from spark-submit."""
    return (
        SparkSession.builder.appName(settings.app_name)
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.scheduler.mode", "FAIR")
        # A stateful query can't adapt, and Spark says so at each start unless it is off.
        .config("spark.sql.adaptive.enabled", "false")
        .config("spark.sql.streaming.minBatchesToRetain", BATCHES_TO_RETAIN)
        # In update mode a batch without data emits nothing; the next one with data frees the state as well.
        .config("spark.sql.streaming.noDataMicroBatches.enabled", "false")
        # Kafka's secrets are options of source and sink, and options are shown in the UI unless they match this.
        .config("spark.sql.redaction.options.regex", "(?i)url|jaas|sasl|ssl|secret|password|token|credential")
        # Real-time mode's shuffle holds a row back for 50 ms by default, in the hope of more: that is its latency.
        .config("spark.shuffle.streaming.networkBufferMaxWaitTimeMs", 1)
        .config(map=local_checkpoint_options(settings.checkpoint))
        .config(map=FORGET_FETCHED)
        # Events of tasks are rare in real-time mode, and each counts: see `holds_its_slots`.
        .config("spark.ui.liveUpdate.period", "0ms" if settings.is_real_time else "100ms")
        .getOrCreate()
    )


def local_checkpoint_options(checkpoint: str) -> dict[str, bool | float | int | str | None]:
    """Without Hadoop's native library, `FileContext` forks a process for each rename on a local disk, a dozen a batch.

    Nor does Hadoop's second checksum file a file help: Spark writes checksums of its state files itself.
    """
    if "://" in checkpoint and not checkpoint.startswith("file:"):
        return {}
    manager = "org.apache.spark.sql.execution.streaming.checkpointing.FileSystemBasedCheckpointFileManager"
    return {
        "spark.sql.streaming.checkpointFileManagerClass": manager,
        "spark.hadoop.fs.file.impl": "org.apache.hadoop.fs.RawLocalFileSystem",
        "spark.hadoop.fs.AbstractFileSystem.file.impl": "org.apache.hadoop.fs.local.RawLocalFs",
    }
