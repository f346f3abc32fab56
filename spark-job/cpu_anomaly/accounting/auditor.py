"""The thread of the driver that accounts for every committed batch."""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import islice, takewhile

from pyspark.sql import SparkSession

from cpu_anomaly.accounting.anomalies import AnomalyReader, log_anomalies, log_unreadable
from cpu_anomaly.accounting.audit import LATE, USED, Inspector, by_batch, plan_audit
from cpu_anomaly.accounting.checkpoint import Checkpoint
from cpu_anomaly.accounting.clock import ClockWatch
from cpu_anomaly.accounting.late import Late, add_up, describe
from cpu_anomaly.accounting.ledger import Ledger, seals_of
from cpu_anomaly.accounting.progress import Batch
from cpu_anomaly.event_log import EventLog
from cpu_anomaly.guard import REASONS
from cpu_anomaly.refusals import lacks_right
from cpu_anomaly.session import use_pool

# Batches that are audited by one read of Kafka.
MAX_AUDITS_PER_READ = 16
# The query pauses when more batches than this wait for the auditor. Spark keeps the plans of BATCHES_TO_RETAIN batches.
MAX_BATCHES_BEHIND = 40


class Auditor:
    """Accounts for every line: used, written to the dead-letter topic, or late.

    The ledger advances only after the dead letters are written, so after a crash the same batches are audited again:
    dead letters are written at least once, and totals are exact. A batch that left nothing out is not read again.
    """

    def __init__(
        self,
        spark: SparkSession,
        checkpoint: Checkpoint,
        inspector: Inspector,
        anomalies: AnomalyReader | None,
        log: EventLog,
    ) -> None:
        """`anomalies` is None if the query reports them itself, or this user may not read them."""
        self._spark = spark
        self._checkpoint = checkpoint
        self._inspector = inspector
        self._anomalies = anomalies
        self._log = log
        # Called with the end of the newest batch that the ledger has: offsets by partition.
        self.on_accounted: Callable[[Mapping[str, int]], None] = lambda _: None
        self._clock = ClockWatch(inspector, checkpoint, log)
        self._batches: queue.Queue[Batch | None] = queue.Queue()
        self._thread = threading.Thread()
        self._error: Exception | None = None
        self.ledger = Ledger.load(checkpoint)
        # An audit may last for seconds. Batches that are committed meanwhile are sealed at once, on Spark's thread.
        self._seals = self.ledger.seals
        self._newest = -1
        self._is_busy = False
        self._writing = threading.Lock()

    def remember_topics(self, topic_ids: Mapping[str, str]) -> None:
        self._save(replace(self.ledger, topic_ids=dict(topic_ids)))

    def recover(self) -> bool:
        """Accounts for the batches that an earlier driver committed but did not account for. True if there were any.

        It has logged no progress of them, and no WARN or ERROR windows, which are in the output topic only.
        """
        first = self.ledger.batch + 1
        self._settle_up_to(self._checkpoint.last_commit(), clean={})
        if self.ledger.batch < first:
            return False
        self._log.write("not_logged", first_batch=first, last_batch=self.ledger.batch)
        return True

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="auditor", daemon=True)
        self._thread.start()

    def submit(self, batch: Batch) -> None:
        """On Spark's thread, which ignores errors: `finish` raises them."""
        self._newest = batch.number
        self._batches.put(batch)
        try:
            if self._is_busy:
                self._write()
        except Exception as error:  # noqa: BLE001
            self._error = error

    def is_behind(self) -> bool:
        return self._batches.qsize() > MAX_BATCHES_BEHIND

    def has_failed(self) -> bool:
        return self._error is not None

    def finish(self) -> None:
        """Returns when every batch submitted so far is accounted for. Raises what made the auditor fail."""
        self._batches.put(None)
        self._thread.join()
        if self._error:
            raise self._error

    def _run(self) -> None:
        try:
            use_pool(self._spark, "audit")
            while batches := self._take():
                self._is_busy = True
                self._account_for(batches)
                self._is_busy = False
        except Exception as error:  # noqa: BLE001 (`finish` raises it in the main thread, which ends the query)
            self._error = error

    def _take(self) -> list[Batch]:
        """Waits for a batch and takes all that are waiting; an empty list means the end."""
        batches: list[Batch] = []
        while not batches or not self._batches.empty():
            batch = self._batches.get()
            if batch is None:
                if batches:
                    self._batches.put(None)
                break
            batches.append(batch)
        return batches

    def _account_for(self, batches: Sequence[Batch]) -> None:
        clean = {batch.number: batch.lines for batch in batches if not batch.left_out}
        self._settle_up_to(batches[-1].number, clean)
        self.on_accounted(batches[-1].end)
        if self._anomalies:
            self._look_if_permitted(self._anomalies, batches)
        for batch in batches:
            self._clock.check(batch)
        late = describe(self.ledger.late_series)
        for batch in batches:
            self._log.write("progress", batch=batch.number, **batch.summary, **self.ledger.totals(), **late)

    def _look_if_permitted(self, reader: AnomalyReader, batches: Sequence[Batch]) -> None:
        """The log alone needs them, so the job goes on without."""
        try:
            self._look_for_anomalies(reader, batches)
        except Exception as error:
            if not lacks_right(error):
                raise
            self._anomalies = None
            log_unreadable(self._log, reader.topic)

    def _look_for_anomalies(self, reader: AnomalyReader, batches: Sequence[Batch]) -> None:
        last = batches[-1].number
        if any(batch.anomalous_updates() for batch in batches):
            log_anomalies(self._log, last, reader.read_on())
        else:
            reader.pass_over(last, self._checkpoint.last_commit)

    def _settle_up_to(self, last: int, clean: Mapping[int, int]) -> None:
        """`clean` holds the line counts of batches that left nothing out.

        Any other batch is read again, also one that Spark has not reported: a crash may have lost the report.
        """
        while self.ledger.batch < last:
            batch = self.ledger.batch + 1
            if batch in clean:
                self.ledger = self.ledger.after(batch, read=clean[batch])
            else:
                unknown = takewhile(lambda number: number not in clean, range(batch, last + 1))
                self._audit(list(islice(unknown, MAX_AUDITS_PER_READ)))
        self._save(self.ledger)

    def _audit(self, batches: Sequence[int]) -> None:
        self._write()
        began = time.monotonic()
        audits = [plan_audit(self._checkpoint, batch) for batch in batches]
        findings = self._inspector.inspect([audit for audit in audits if audit.has_rows()])
        read = by_batch(findings.outcomes, [*REASONS, LATE, USED])
        dead = by_batch(findings.outcomes, REASONS)
        ledger = self.ledger
        for batch in batches:
            late = findings.late.get(batch, [])
            self._log_left_out(batch, dead[batch], late)
            ledger = ledger.after(batch, read[batch].total(), dead[batch].total(), late)
        self._save(ledger)
        rows = sum(findings.outcomes.values())
        duration_ms = round((time.monotonic() - began) * 1000)
        self._log.write("audited", first_batch=batches[0], last_batch=batches[-1], rows=rows, duration_ms=duration_ms)

    def _log_left_out(self, batch: int, dead: Counter[str], late: Sequence[Late]) -> None:
        if dead:
            reasons = ",".join(f"{reason}:{count}" for reason, count in sorted(dead.items()))
            self._log.write("dead_letters", batch=batch, count=dead.total(), reasons=reasons)
        if late:
            self._log.write("late", batch=batch, samples=sum(each.samples for each in late), **describe(add_up(late)))

    def _save(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._write()

    def _write(self) -> None:
        with self._writing:
            ledger = self.ledger
            # From the batch before on, to which the ledger may have to go back.
            last = max(self._newest, ledger.batch)
            self._seals = seals_of(self._checkpoint, ledger.batch - 1, last, self._seals)
            replace(ledger, seals=self._seals).save(self._checkpoint)
