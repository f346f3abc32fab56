"""The driver: starts the query, accounts for its batches, stops it between two of them, and reports how it ended."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pyspark.sql import SparkSession

from cpu_anomaly.accounting.anomalies import AnomalyReader, log_unreadable
from cpu_anomaly.accounting.auditor import Auditor
from cpu_anomaly.accounting.checkpoint import Checkpoint
from cpu_anomaly.accounting.files import DamagedCheckpointError
from cpu_anomaly.accounting.lag_group import LagGroup
from cpu_anomaly.accounting.progress import Batch
from cpu_anomaly.accounting.soundness import make_sound
from cpu_anomaly.admin import KafkaTopics
from cpu_anomaly.catch_up import CatchUp, Phase
from cpu_anomaly.continuity import Continuity
from cpu_anomaly.event_log import EventLog
from cpu_anomaly.failures import diagnose
from cpu_anomaly.modes import Mode, mode_of
from cpu_anomaly.monitor import Monitor, Standstill
from cpu_anomaly.outside import Outside, outside_of
from cpu_anomaly.ownership import Ownership
from cpu_anomaly.remote import watched_elsewhere
from cpu_anomaly.rights import READ, may
from cpu_anomaly.running import run_until, stop_after_batch
from cpu_anomaly.session import start_spark, use_pool
from cpu_anomaly.settings import Settings, kafka_client_options
from cpu_anomaly.slots import PartitionGrowth, with_enough_slots
from cpu_anomaly.state import find_damaged_state, load_state
from cpu_anomaly.topics import Bounds, JobTopics, find_topics, require_same_topics
from cpu_anomaly.watch import Watch, batch_or_none


def main(settings_json: str) -> int:
    """Runs the job until the stop file appears; returns the exit code, which `failures` explains."""
    log = EventLog(sys.stdout)
    stop_file = os.environ.get("CPU_ANOMALY_STOP_FILE")
    try:
        run(Settings.from_json(settings_json), lambda: stop_file is not None and Path(stop_file).exists(), log)
    except Exception as error:  # noqa: BLE001 (every failure becomes one line for the supervisor and the user)
        traceback.print_exc()
        sys.stderr.flush()
        failure = diagnose(error, lambda causes: find_damage(settings_json, causes))
        log.write("failed", kind=failure.kind, message=failure.message, exit_code=failure.exit_code)
        return failure.exit_code
    return 0


def find_damage(settings_json: str, causes: list[str]) -> DamagedCheckpointError | None:
    """Called after a failure, so what fails here too is no finding."""
    try:
        checkpoint = Settings.from_json(settings_json).checkpoint
        return find_damaged_state(SparkSession.builder.getOrCreate(), checkpoint, causes)
    except Exception:  # noqa: BLE001
        traceback.print_exc()
        return None


def run(settings: Settings, is_stop_wanted: Callable[[], bool], log: EventLog) -> None:
    """Connects Spark and Kafka, and runs the job with them. Returns after a stop; raises what ended the job before."""
    mode = mode_of(settings)
    client = kafka_client_options(settings)
    spark = start_spark(settings, mode)
    mode.require_spark(spark.version)
    ownership = Ownership(spark, settings, log)
    is_stop_wanted = watched_elsewhere(spark, settings.checkpoint, is_stop_wanted, log)
    topics = KafkaTopics.connect(spark, settings, client)
    found = find_topics(topics, settings)
    spark = with_enough_slots(spark, settings, mode, found.input_bounds.partitions)
    outside = outside_of(spark, settings, mode, topics, client)
    ownership.confirm(topics.cluster_id)
    Driver(settings, mode, outside, found, log).run(is_stop_wanted)
    ownership.release()


class Driver:
    """Continues the work of the driver before it, and runs the query until a stop."""

    def __init__(self, settings: Settings, mode: Mode, outside: Outside, topics: JobTopics, log: EventLog) -> None:
        """Mends the checkpoint, or raises DamagedCheckpointError."""
        self._settings = settings
        self._mode = mode
        self._outside = outside
        self._topics = topics
        self._log = log
        self._checkpoint = Checkpoint.of(outside.spark, settings.checkpoint)
        make_sound(self._checkpoint, log, plans_ahead=mode.plans_ahead)
        self._auditor = Auditor(outside.spark, self._checkpoint, outside.inspector, self._anomaly_reader(), log)
        self._lag_group = LagGroup(outside.topics, settings.input_topic, log)
        self._auditor.on_accounted = self._lag_group.note
        self._continuity = Continuity(outside.topics, settings, topics.ids, self._checkpoint, log)
        growth = PartitionGrowth(outside.spark, settings, mode, topics.input_bounds.partitions)
        standstill = Standstill(log, mode.interval_ms / 1000, outside.unread)
        self._monitor = Monitor(outside.clock, self._continuity, growth, standstill)
        self._catch_up = CatchUp(Phase(settings, mode), outside.topics, self._checkpoint, outside.prober, log)
        self._watch = Watch(log, self._on_commit, outside.report_ready)
        # The watermark's delay with which the query runs.
        self._delay_ms = 0
        # Updates of windows for which the baseline has no row, since this driver started.
        self._without_baseline = 0

    def run(self, is_stop_wanted: Callable[[], bool]) -> None:
        """Runs one query after the other, each as `catch_up` decides. Raises what ended one before a stop."""
        self._log_started()
        bounds = self._take_over()
        self._outside.listen(self._watch)
        use_pool(self._outside.spark, "query")
        self._monitor.start()
        while not is_stop_wanted():
            phase, bounds = self._catch_up.next_phase(bounds), None
            self._run_query(phase, lambda: is_stop_wanted() or self._monitor.has_found())
        self._lag_group.finish()
        self._log.write("stopped", batch=batch_or_none(self._auditor.ledger.batch))

    def _take_over(self) -> Bounds | None:
        """Accounts for what earlier drivers committed, if the topics are still those of the checkpoint.

        Returns the bounds of the input topic, unless they are out of date by then. Raises TopicReplacedError or
        RecordsLostError.
        """
        require_same_topics(self._auditor.ledger.topic_ids, self._topics.ids)
        self._continuity.require_unread_records(self._topics.input_bounds)
        self._continuity.require_records_as_read(self._mode.batch_ms)
        # Not the dead-letter topic, which may be replaced: see `continuity`.
        names = (self._settings.input_topic, self._settings.output_topic)
        self._auditor.remember_topics({name: self._topics.ids[name] for name in names})
        is_behind = self._auditor.recover()
        self._lag_group.note(self._continuity.position)
        return None if is_behind else self._topics.input_bounds

    def _run_query(self, phase: Phase, is_over: Callable[[], bool]) -> None:
        """Returns when all batches of the query are accounted for."""
        self._auditor.start()
        self._delay_ms = phase.settings.watermark_ms
        running = self._outside.start_query(phase)
        self._lag_group.open(str(running.id))
        with self._monitor.explaining():
            run_until(lambda: is_over() or self._is_ready(), running)
            run_until(lambda: is_over() or self._is_interrupted(phase), running)
            self._monitor.raise_fatal()
            stop_after_batch(running, self._watch, self._mode.batch_ms / 1000)
            self._auditor.finish()
        self._monitor.raise_found()

    def _is_ready(self) -> bool:
        """True once the driver has logged `ready`: a commit proves that the state was loaded.

        A query that has nothing to read, or whose first batch lasts long, does not commit yet. Then the state is loaded
        once for this. Raises what Spark raises for a state that is damaged.
        """
        spark, watch = self._outside.spark, self._watch
        if not watch.is_ready and (watch.is_idle or self._mode.is_processing(spark.sparkContext)):
            load_state(spark, self._checkpoint, self._checkpoint.last_commit())
            watch.ready(self._auditor.ledger.batch)
        return watch.is_ready

    def _is_interrupted(self, phase: Phase) -> bool:
        """True if the query must pause for the auditor or run as another phase, or if the auditor has failed."""
        return self._auditor.is_behind() or self._auditor.has_failed() or self._watch.lag > phase.max_lag

    def _on_commit(self, batch: Batch) -> None:
        self._outside.report_commit(batch.number)
        summary = {**batch.summary, "delay_ms": self._delay_ms, **self._catch_up.remark, **self._fall_backs(batch)}
        self._auditor.submit(replace(batch, summary=summary))
        self._monitor.committed(batch.end)

    def _fall_backs(self, batch: Batch) -> dict[str, int]:
        """A field of the log; none without a baseline."""
        if self._settings.baseline_file is None:
            return {}
        self._without_baseline += batch.windows.get("without_baseline") or 0
        return {"without_baseline": self._without_baseline}

    def _anomaly_reader(self) -> AnomalyReader | None:
        """None if the query reports anomalies itself, or this user may not read the results."""
        output = self._outside.output
        if self._mode.observes_anomalies:
            return None
        if may(self._topics.rights, READ, output.name):
            return AnomalyReader(output)
        log_unreadable(self._log, output.name)
        return None

    def _log_started(self) -> None:
        context = self._outside.spark.sparkContext
        committed = self._checkpoint.last_commit()
        self._outside.report_commit(committed)
        self._log.write(
            "started",
            pid=os.getpid(),
            spark_version=context.version,
            app_id=context.applicationId,
            ui=context.uiWebUrl,
            resumed_from_batch=batch_or_none(committed),
        )
