"""The driver: starts the query, accounts for its batches, stops it between two of them, and reports how it ended."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
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
from cpu_anomaly.accounting.checkpoint import Checkpoint, DamagedCheckpointError
from cpu_anomaly.accounting.progress import Batch
from cpu_anomaly.accounting.soundness import make_sound
from cpu_anomaly.catch_up import CatchUp, Phase
from cpu_anomaly.consumer import few_records
from cpu_anomaly.continuity import Continuity
from cpu_anomaly.event_log import EventLog
from cpu_anomaly.failures import diagnose
from cpu_anomaly.modes import Mode, mode_of
from cpu_anomaly.monitor import Monitor, Standstill, WallClock
from cpu_anomaly.probe import probe
from cpu_anomaly.query import start_query
from cpu_anomaly.session import start_spark, use_pool
from cpu_anomaly.settings import Settings, kafka_client_options
from cpu_anomaly.slots import PartitionGrowth, with_enough_slots
from cpu_anomaly.state import find_damaged_state, load_state
from cpu_anomaly.topics import KafkaTopics, require_same_topics, require_topics
from cpu_anomaly.unread import UnreadRecords

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
        failure = diagnose(error, lambda: find_damage(settings_json))
        log.write("failed", kind=failure.kind, message=failure.message, exit_code=failure.exit_code)
        return failure.exit_code
    return 0


def find_damage(settings_json: str) -> DamagedCheckpointError | None:
    """Called after a failure, so what fails here too is no finding."""
    try:
        return find_damaged_state(SparkSession.builder.getOrCreate(), Settings.from_json(settings_json).checkpoint)
    except Exception:  # noqa: BLE001
        traceback.print_exc()
        return None


def run(settings: Settings, is_stop_wanted: Callable[[], bool], log: EventLog) -> None:
    """Returns after a stop. Raises what ended the query before that."""
    mode = mode_of(settings)
    client = kafka_client_options(settings)
    spark = start_spark(settings, mode)
    mode.require_spark(spark.version)
    topics = KafkaTopics.connect(spark, settings, client)
    partitions = len(topics.input_bounds().end)
    spark = with_enough_slots(spark, settings, mode, partitions)
    checkpoint = Checkpoint(spark, settings.checkpoint)
    make_sound(checkpoint, log, plans_ahead=mode.plans_ahead)
    auditor = auditor_of(spark, settings, mode, client, log)
    log_started(log, spark, auditor)
    topic_ids = topics.ids()
    require_topics(settings.topics, topic_ids)
    require_same_topics(auditor.ledger.topic_ids, topic_ids)
    continuity = Continuity(topics, settings, topic_ids, checkpoint, log)
    continuity.require_unread_records()
    auditor.remember_topics({name: topic_ids[name] for name in (settings.input_topic, settings.output_topic)})
    auditor.recover()
    growth = PartitionGrowth(spark, settings, mode, partitions)
    unread = UnreadRecords(settings.input_topic, partial(few_records, spark, client))
    standstill = Standstill(log, mode.batch_ms / 1000, unread)
    monitor = Monitor(WallClock.of_jvm(spark), continuity, growth, standstill)
    watch = Watch(auditor, monitor, log)
    prober = partial(probe, spark, settings, mode, client)
    catch_up = CatchUp(Phase(settings, mode), topics, checkpoint, prober, log)
    spark.streams.addListener(watch)
    use_pool(spark, "query")
    monitor.start()

    def is_over() -> bool:
        return is_stop_wanted() or monitor.has_found()

    while not is_stop_wanted():
        phase = catch_up.next_phase()
        auditor.start()
        watch.delay_ms = phase.settings.watermark_ms
        running = start_query(spark, phase.settings, phase.mode, client)
        with monitor.explaining():
            run_until(lambda: is_over() or is_ready(watch, auditor, mode, spark, checkpoint), running)
            run_until(partial(is_interrupted, is_over, watch, auditor, phase.max_lag), running)
            monitor.raise_fatal()
            stop_after_batch(running, watch, mode.batch_ms / 1000)
            auditor.finish()
        monitor.raise_found()
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

    def __init__(self, auditor: Auditor, monitor: Monitor, log: EventLog) -> None:
        self._auditor = auditor
        self._monitor = monitor
        self._log = log
        self.is_ready = False
        self._becoming_ready = threading.Lock()  # two threads report it: Spark's listener and the driver's own
        self.is_idle = False
        self.committed = 0
        # Records that the last batch of the query left unread.
        self.lag = 0
        # The watermark's delay with which the query runs.
        self.delay_ms = 0
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
        self._auditor.submit(replace(batch, summary={**batch.summary, "delay_ms": self.delay_ms}))
        self._monitor.committed(batch.end)

    def onQueryIdle(self, _event: QueryIdleEvent) -> None:
        self.is_idle = True

    def onQueryTerminated(self, _event: QueryTerminatedEvent) -> None:
        self.terminated.set()

    def ready(self, batch: int) -> None:
        """Logs once per driver that the state is loaded, and that the query processes records or waits for them."""
        with self._becoming_ready:
            if not self.is_ready:
                self._log.write("ready", batch=batch_or_none(batch))
                self.is_ready = True


def is_ready(watch: Watch, auditor: Auditor, mode: Mode, spark: SparkSession, checkpoint: Checkpoint) -> bool:
    """True once the driver has logged `ready`: a commit proves that the state was loaded.

    A query that has nothing to read, or whose first batch lasts long, does not commit yet. Then the state is loaded
    once for this. Raises what Spark raises for a state that is damaged.
    """
    if not watch.is_ready and (watch.is_idle or mode.is_processing(spark.sparkContext)):
        load_state(spark, checkpoint, auditor.last_commit())
        watch.ready(auditor.ledger.batch)
    return watch.is_ready


def is_interrupted(is_over: Callable[[], bool], watch: Watch, auditor: Auditor, max_lag: float) -> bool:
    """True if the query must stop or be started again, or if the auditor has failed."""
    return is_over() or auditor.is_behind() or auditor.has_failed() or watch.lag > max_lag


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
