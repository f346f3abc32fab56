"""What Spark adds to the driver's log: the messages of every start and every clean stop are hidden, and no others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import reduce
from pathlib import Path
from typing import Any, cast

import pytest
from pyspark.sql import SparkSession

CONFIGURATION = Path(__file__).parents[2] / "infra" / "spark" / "log4j2.properties"
SPARK = "org.apache.spark"
FUNCTIONS = f"{SPARK}.sql.catalyst.analysis.FunctionResolution"
BATCHES = f"{SPARK}.sql.execution.streaming.runtime.MicroBatchExecution"
READER = f"{SPARK}.shuffle.streaming.StreamingShuffleReader"
NOTIFIER = f"{SPARK}.util.ErrorNotifier"
WRITER = f"{SPARK}.sql.execution.datasources.v2.WriteToDataSourceV2Exec"
PARTITION = f"{SPARK}.sql.execution.datasources.v2.DataWritingSparkTask"
UTILS = f"{SPARK}.util.Utils"
TASKS = f"{SPARK}.scheduler.TaskSetManager"
BROADCAST = f"{SPARK}.broadcast.TorrentBroadcast"
S3_READER = "software.amazon.s3.analyticsaccelerator"
SCHEDULER = f"{SPARK}.scheduler.DAGScheduler"
LOST = "[queryId = d9afa] [batchId = 10] Lost task 0.0 in stage 35.0 (TID 35) (localhost executor driver): "
WRITE = "Data source write support MicroBatchWrite[epoch: 10, writer: org.apache.spark.sql.kafka010.KafkaWriting@5]"
STOPPED = "[SPARK_JOB_CANCELLED] Job 19 cancelled Query [id = d9afa29b, runId = 25c6b45c] was stopped SQLSTATE: XXKDA"
INTERRUPTED = "java.lang.InterruptedException: sleep interrupted"
CUT_OFF = f"{SPARK}.SparkException: Connection to streaming shuffle writer 9 closed before termination; it failed."
BROKEN = f"{SPARK}.SparkException: no broker"

Log = Callable[..., str]


@pytest.fixture(scope="module")
def log(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Log]:
    """Returns what is written for an event; to a file, since the tests' own Spark has the console."""
    jvm = cast(Any, spark.sparkContext)._jvm
    folder = tmp_path_factory.mktemp("log4j2")
    written = folder / "log"
    text = CONFIGURATION.read_text().replace("type = Console", "type = File")
    (folder / "log4j2.properties").write_text(text.replace("target = SYSTEM_ERR", f"fileName = {written}"))
    context = jvm.org.apache.logging.log4j.core.LoggerContext("test")
    context.setConfigLocation(jvm.java.net.URI((folder / "log4j2.properties").as_uri()))
    context.start()

    def log(level: str, logger: str, message: str, exception: str | None = None) -> str:
        already = len(written.read_text())
        kind, _, reason = (exception or "").partition(": ")
        thrown = reduce(getattr, kind.split("."), jvm)(reason) if exception else None
        builder = context.getLogger(logger).atLevel(jvm.org.apache.logging.log4j.Level.valueOf(level))
        builder.withThrowable(thrown).log(message)
        return written.read_text()[already:]

    yield log
    context.stop()


@pytest.mark.parametrize(
    "event",
    [
        ("WARN", FUNCTIONS, "Two-parameter TRIM/LTRIM/RTRIM function signatures are deprecated. Use SQL syntax `TRIM("),
        ("WARN", BATCHES, "Disabling AQE since AQE is not supported for Real-time Mode."),
        ("WARN", BATCHES, "Disabling AQE since AQE is not supported in stateful workloads."),
        ("WARN", TASKS, f"{LOST}TaskKilled (Stage cancelled: {STOPPED})"),
        ("ERROR", BROADCAST, "Store broadcast broadcast_11 fail, remove all pieces of the broadcast"),
        ("ERROR", WRITER, f"{WRITE} is aborting."),
        ("ERROR", WRITER, f"{WRITE} aborted."),
        ("ERROR", PARTITION, "Aborting commit for partition 0 (task 3, attempt 0, stage 3.0)"),
        ("ERROR", PARTITION, "Aborted commit for partition 0 (task 3, attempt 0, stage 3.0)"),
        ("ERROR", UTILS, "Aborting task", INTERRUPTED),
        ("ERROR", UTILS, "Aborting task", CUT_OFF),
        ("ERROR", NOTIFIER, "A fatal error has occurred.", CUT_OFF),
        ("WARN", SCHEDULER, "Failed to cancel job group 25c6b45c-e459. Cannot find active jobs for it."),
        ("ERROR", READER, "d9afa 15 Task discovery thread failed.", INTERRUPTED),
        ("ERROR", NOTIFIER, "A fatal error has occurred.", INTERRUPTED),
        ("ERROR", f"{S3_READER}.telemetry", "[failure] s3.sync.client.get", "java.io.IOException: Status Code: 412"),
    ],
)
def test_message_of_a_start_or_a_clean_stop_is_hidden(log: Log, event: tuple[str, ...]) -> None:
    assert log(*event) == ""


@pytest.mark.parametrize(
    "event",
    [
        ("ERROR", BATCHES, "Query [id = d9afa29b] terminated with error", BROKEN),
        ("WARN", TASKS, f"{LOST}java.lang.IllegalStateException: no broker"),
        ("WARN", TASKS, f"{LOST}TaskKilled (Stage cancelled: Job aborted due to stage failure)"),
        ("ERROR", WRITER, f"{WRITE} failed to abort."),
        ("ERROR", UTILS, "Aborting task", BROKEN),
        ("WARN", SCHEDULER, "Broadcasting large task binary with size 2.0 MiB"),
        ("ERROR", READER, "d9afa 15 Task discovery thread failed.", BROKEN),
        ("ERROR", NOTIFIER, "A fatal error has occurred.", BROKEN),
        ("ERROR", f"{SPARK}.executor.Executor", "Exception in task 0.0", INTERRUPTED),
    ],
)
def test_message_that_may_explain_a_failure_is_shown_with_its_exception(log: Log, event: tuple[str, ...]) -> None:
    level, logger, message, *exception = event
    first, *trace = log(*event).splitlines()
    assert first.endswith(f" {level} {logger.rsplit('.', 1)[1]}: {message}")
    assert trace[:1] == exception
