"""The driver: starts the query, accounts for its batches, stops it between two of them, and reports how it ended."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import cast

from pyspark.sql import SparkSession
from pyspark.sql.streaming.listener import (
    QueryIdleEvent,
    QueryProgressEvent,
    QueryStartedEvent,
    QueryTerminatedEvent,
    StreamingQueryListener,
)
from pyspark.sql.streaming.query import StreamingQuery

from cpu_anomaly.accounting.anomalies import AnomalyReader, KafkaOutputTopic, log_anomalies
from cpu_anomaly.accounting.audit import Inspector
from cpu_anomaly.accounting.auditor import Auditor
from cpu_anomaly.accounting.checkpoint import Checkpoint
from cpu_anomaly.accounting.progress import Batch
from cpu_anomaly.catch_up import CatchUp
from cpu_anomaly.event_log import EventLog
from cpu_anomaly.failures import diagnose
from cpu_anomaly.modes import Mode, mode_of
from cpu_anomaly.query import start_query
from cpu_anomaly.session import start_spark, use_pool
from cpu_anomaly.settings import Settings, kafka_client_options
from cpu_anomaly.topics import describe_topics, require_same_topics

POLL_SECONDS = 0.1
# See `stop_after_batch`.
GRACE_SECONDS = 20.0


def main(settings_json: str) -> int:
    """Runs the job until the stop file appears; returns the exit code, which `failures` explains."""
    log = EventLog(sys.stdout)
    stop_file = os.environ.get("CPU_ANOMALY_STOP_FILE")
    try:
        run(Settings.from_json(settings_json), lambda: stop_file is not None and Path(stop_file).exists(), log)
    except Exception as error:  # noqa: BLE001 (every failure becomes one line for the supervisor and the user)
        traceback.print_exc()
        sys.stderr.flush()
        failure = diagnose(error)
        log.write("failed", kind=failure.kind, message=failure.message, exit_code=failure.exit_code)
        return failure.exit_code
    return 0


def run(settings: Settings, is_stop_wanted: Callable[[], bool], log: EventLog) -> None:
    """Returns after a stop. Raises what ended the query before that."""
    mode = mode_of(settings)
    client = kafka_client_options(settings)
    spark = start_spark(settings, mode)
    mode.require_spark(spark.version)
    auditor = auditor_of(spark, settings, mode, client, log)
    log_started(log, spark, auditor)
    topic_ids = describe_topics(spark, [settings.input_topic, settings.output_topic], client)
    require_same_topics(auditor.ledger.topic_ids, topic_ids)
    auditor.remember_topics(topic_ids)
    auditor.recover()
    catch_up = CatchUp(spark, settings, mode, client, log)
    watch = Watch(auditor, log)
    spark.streams.addListener(watch)
    use_pool(spark, "query")
    while not is_stop_wanted():
        phase = catch_up.next_phase()
        auditor.start()
        running = start_query(spark, phase.settings, phase.mode, client)
        run_until(lambda: is_stop_wanted() or is_ready(watch, auditor, mode, spark), running)
        run_until(partial(is_interrupted, is_stop_wanted, watch, auditor, phase.max_lag), running)
        stop_after_batch(running, watch, mode.batch_ms / 1000)
        auditor.finish()
    log.write("stopped", batch=batch_or_none(auditor.ledger.batch))


def auditor_of(
    spark: SparkSession, settings: Settings, mode: Mode, client: Mapping[str, str], log: EventLog
) -> Auditor:
    checkpoint = Checkpoint(spark, settings.checkpoint)
    topic = KafkaOutputTopic(spark, settings.output_topic, client)
    anomalies = None if mode.observes_anomalies else AnomalyReader(topic)
    inspector = Inspector(spark, settings, mode, client)
    return Auditor(spark, checkpoint, inspector, anomalies, log)


def log_started(log: EventLog, spark: SparkSession, auditor: Auditor) -> None:
    log.write(
        "started",
        pid=os.getpid(),
        spark_version=spark.version,
        app_id=spark.sparkContext.applicationId,
        ui=spark.sparkContext.uiWebUrl,
        resumed_from_batch=batch_or_none(auditor.last_commit()),
    )


class Watch(StreamingQueryListener):
    """Turns Spark's reports into lines of the log and work for the auditor."""

    def __init__(self, auditor: Auditor, log: EventLog) -> None:
        self._auditor = auditor
        self._log = log
        self.is_ready = False
        self.committed = 0
        # Records that the last batch of the query left unread.
        self.lag = 0
        self.terminated = threading.Event()

    def onQueryStarted(self, _event: QueryStartedEvent) -> None:
        self.lag = 0
        self.terminated.clear()

    def onQueryProgress(self, event: QueryProgressEvent) -> None:
        batch = Batch.from_progress(json.loads(event.progress.json))
        self.committed += 1
        self.lag = cast(int, batch.summary["lag"])
        self.ready(batch.number)
        if anomalies := batch.anomalies():
            log_anomalies(self._log, batch.number, anomalies)
        self._auditor.submit(batch)

    def onQueryIdle(self, _event: QueryIdleEvent) -> None:
        self.ready(self._auditor.ledger.batch)

    def onQueryTerminated(self, _event: QueryTerminatedEvent) -> None:
        self.terminated.set()

    def ready(self, batch: int) -> None:
        """Logs once per driver that a batch has committed, or that the query processes records or waits for them."""
        if not self.is_ready:
            self.is_ready = True
            self._log.write("ready", batch=batch_or_none(batch))


def is_ready(watch: Watch, auditor: Auditor, mode: Mode, spark: SparkSession) -> bool:
    """True once the driver has logged `ready`. Logs it if the query processes records, even before its first commit."""
    if not watch.is_ready and mode.is_processing(spark.sparkContext):
        watch.ready(auditor.ledger.batch)
    return watch.is_ready


def is_interrupted(is_stop_wanted: Callable[[], bool], watch: Watch, auditor: Auditor, max_lag: float) -> bool:
    """True if the query must stop or be started again, or if the auditor has failed."""
    return is_stop_wanted() or auditor.is_behind() or auditor.has_failed() or watch.lag > max_lag


def run_until(is_over: Callable[[], bool], running: StreamingQuery) -> None:
    """Returns when it is over. Raises what ended the query before that."""
    while not is_over() and not has_ended(running):
        pass


def stop_after_batch(
    running: StreamingQuery, watch: Watch, batch_seconds: float, grace_seconds: float = GRACE_SECONDS
) -> None:
    """Stops between two batches if possible: a batch that is cut short is replayed, which repeats results.

    `batch_seconds` is how long a batch keeps reading new records: the mode's `batch_ms`. After that it may take
    `grace_seconds` to commit, and the stopped query as long again to end.
    """
    committed = watch.committed
    deadline = time.monotonic() + batch_seconds + grace_seconds
    while running.status["isTriggerActive"] and watch.committed == committed and time.monotonic() < deadline:
        if has_ended(running):
            return
    running.stop()
    watch.terminated.wait(grace_seconds)


def has_ended(running: StreamingQuery) -> bool:
    """Waits for the end for POLL_SECONDS. Raises what ended the query."""
    return bool(running.awaitTermination(POLL_SECONDS))  # type: ignore[arg-type]  # it accepts fractions of a second


def batch_or_none(batch: int) -> int | None:
    return batch if batch >= 0 else None
