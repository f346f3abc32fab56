"""The driver."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from pyspark import SparkContext
from pyspark.sql.streaming.listener import (
    QueryIdleEvent,
    QueryProgressEvent,
    QueryStartedEvent,
    QueryTerminatedEvent,
    StreamingQueryListener,
)
from pyspark.sql.streaming.query import StreamingQuery

from cpu_anomaly.accounting.anomalies import log_anomalies
from cpu_anomaly.accounting.auditor import Auditor
from cpu_anomaly.accounting.progress import Batch
from cpu_anomaly.event_log import EventLog
from cpu_anomaly.failures import diagnose
from cpu_anomaly.query import start_query
from cpu_anomaly.session import start_spark
from cpu_anomaly.settings import ConfigurationError, Settings, kafka_client_options
from cpu_anomaly.topics import describe_topics, require_same_topics

REAL_TIME_SINCE = (4, 3)
POLL_SECONDS = 0.1
STOP_SECONDS = 20.0


def main(settings_json: str) -> int:
    log = EventLog(sys.stdout)
    stop_file = os.environ.get("CPU_ANOMALY_STOP_FILE")
    try:
        run(Settings.from_json(settings_json), lambda: stop_file is not None and Path(stop_file).exists(), log)
    except Exception as error:  # noqa: BLE001 (whatever it is, the supervisor and the user are told in one line)
        traceback.print_exc()
        sys.stderr.flush()
        failure = diagnose(error)
        log.write("failed", kind=failure.kind, message=failure.message, exit_code=failure.exit_code)
        return failure.exit_code
    return 0


def run(settings: Settings, is_stop_wanted: Callable[[], bool], log: EventLog) -> None:
    client = kafka_client_options(settings)
    spark = start_spark(settings)
    context = spark.sparkContext
    require_real_time(settings, spark.version)
    batch_seconds = settings.checkpoint_interval_ms / 1000 if settings.is_real_time else 0.0
    auditor = Auditor(spark, settings, client, log)
    log.write(
        "started",
        pid=os.getpid(),
        spark_version=spark.version,
        app_id=context.applicationId,
        ui=context.uiWebUrl,
        resumed_from_batch=batch_name(auditor.last_commit()),
    )
    topic_ids = describe_topics(spark, [settings.input_topic, settings.output_topic], client)
    require_same_topics(auditor.ledger.topic_ids, topic_ids)
    auditor.remember_topics(topic_ids)
    auditor.recover()
    watch = Watch(auditor, log)
    spark.streams.addListener(watch)
    context.setLocalProperty("spark.scheduler.pool", "query")
    while not is_stop_wanted():
        auditor.start()
        running = start_query(spark, settings, client)
        if settings.is_real_time:  # its first commit is an interval away, its results are not
            run_until(lambda: is_stop_wanted() or holds_its_slots(context), running)
            watch.ready(auditor.ledger.batch)
        run_until(lambda: is_stop_wanted() or auditor.is_behind() or auditor.has_failed(), running)
        stop_after_batch(running, watch, batch_seconds)
        auditor.finish()
    log.write("stopped", batch=batch_name(auditor.ledger.batch))


class Watch(StreamingQueryListener):
    """Turns Spark's reports into lines of the log and work for the auditor."""

    def __init__(self, auditor: Auditor, log: EventLog) -> None:
        self._auditor = auditor
        self._log = log
        self._is_ready = False
        self.committed = 0
        self.terminated = threading.Event()

    def onQueryStarted(self, _event: QueryStartedEvent) -> None:
        self.terminated.clear()

    def onQueryProgress(self, event: QueryProgressEvent) -> None:
        batch = Batch.from_progress(json.loads(event.progress.json))
        self.committed += 1
        self.ready(batch.number)
        if anomalies := batch.anomalies():
            log_anomalies(self._log, batch.number, anomalies)
        self._auditor.submit(batch)

    def onQueryIdle(self, _event: QueryIdleEvent) -> None:
        self.ready(self._auditor.ledger.batch)

    def onQueryTerminated(self, _event: QueryTerminatedEvent) -> None:
        self.terminated.set()

    def ready(self, batch: int) -> None:
        """The first batch of this run committed, or there is nothing to read and the query waits for data."""
        if not self._is_ready:
            self._is_ready = True
            self._log.write("ready", batch=batch_name(batch))


def stop_after_batch(running: StreamingQuery, watch: Watch, batch_seconds: float) -> None:
    """Stops between two batches where it can: one that is cut short is replayed, which repeats results.

    `batch_seconds` is how long a batch lasts by itself: the checkpoint interval in real-time mode, else nothing.
    """
    committed = watch.committed
    deadline = time.monotonic() + batch_seconds + STOP_SECONDS
    while running.status["isTriggerActive"] and watch.committed == committed and time.monotonic() < deadline:
        if has_ended(running):
            return
    running.stop()
    watch.terminated.wait(STOP_SECONDS)


def run_until(is_over: Callable[[], bool], running: StreamingQuery) -> None:
    """Returns when it is over; raises what ended the query before that."""
    while not is_over() and not has_ended(running):
        pass


def has_ended(running: StreamingQuery) -> bool:
    """Waits a moment for the end; raises what ended the query."""
    return bool(running.awaitTermination(POLL_SECONDS))  # type: ignore[arg-type]  # takes fractions of a second


def holds_its_slots(context: SparkContext) -> bool:
    """Do all tasks of a real-time query run? Its two stages hold their slots for the whole interval."""
    tracker = context.statusTracker()
    stages = [info for stage in tracker.getActiveStageIds() if (info := tracker.getStageInfo(stage))]
    return len(stages) >= 2 and all(info.numActiveTasks == info.numTasks for info in stages)


def require_real_time(settings: Settings, spark_version: str) -> None:
    """Real-time mode came with Spark 4.1, but for aggregations with 4.3."""
    found = tuple(int(part) for part in spark_version.split(".")[:2])
    if settings.is_real_time and found < REAL_TIME_SINCE:
        raise ConfigurationError(
            f"TRIGGER=real-time needs Spark 4.3 or newer, and this is {spark_version}: set TRIGGER=micro-batch"
        )


def batch_name(batch: int) -> int | None:
    return batch if batch >= 0 else None
