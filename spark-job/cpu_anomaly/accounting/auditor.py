"""The auditor."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce
from itertools import islice, takewhile

from pyspark.sql import DataFrame, SparkSession

from cpu_anomaly.accounting.anomalies import AnomalyReader, log_anomalies
from cpu_anomaly.accounting.audit import LATE, Audit, Outcomes, judge, outcomes_of, plan_audit, read_again
from cpu_anomaly.accounting.checkpoint import Checkpoint, Ledger
from cpu_anomaly.accounting.dead_letters import write_dead_letters
from cpu_anomaly.accounting.progress import Batch
from cpu_anomaly.event_log import EventLog
from cpu_anomaly.guard import REASONS
from cpu_anomaly.settings import Settings

# Batches that one read of Kafka audits together.
MAX_AUDITS_A_READ = 16
# So far may the auditor fall behind before the query pauses for it. Spark keeps the plans of BATCHES_TO_RETAIN batches.
MAX_BATCHES_BEHIND = 40


class Auditor:
    """Accounts for every committed batch: what was read, written to the dead-letter topic, or late.

    The ledger moves on only after the dead letters are written, so after a crash the same batches are audited again:
    dead letters at least once, totals exact. A batch that left out nothing costs a line in the ledger and no read.
    """

    def __init__(self, spark: SparkSession, settings: Settings, client: Mapping[str, str], log: EventLog) -> None:
        self._spark = spark
        self._settings = settings
        self._client = client
        self._log = log
        self._checkpoint = Checkpoint(spark, settings.checkpoint)
        self._batches: queue.Queue[Batch | None] = queue.Queue()
        self._anomalies = AnomalyReader(spark, settings, client) if settings.is_real_time else None
        self._thread = threading.Thread()
        self._error: Exception | None = None
        self.ledger = Ledger.load(self._checkpoint)

    def last_commit(self) -> int:
        return self._checkpoint.last_commit()

    def recover(self) -> None:
        """Accounts for what was committed and not settled before the driver ended."""
        self._settle_up_to(self.last_commit(), clean={})

    def remember_topics(self, topic_ids: Mapping[str, str]) -> None:
        self._save(replace(self.ledger, topic_ids=dict(topic_ids)))

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="auditor", daemon=True)
        self._thread.start()

    def submit(self, batch: Batch) -> None:
        self._batches.put(batch)

    def is_behind(self) -> bool:
        return self._batches.qsize() > MAX_BATCHES_BEHIND

    def finish(self) -> None:
        """Returns when every batch submitted so far is accounted for."""
        self._batches.put(None)
        self._thread.join()
        if self._error:
            raise self._error

    def has_failed(self) -> bool:
        return self._error is not None

    def _run(self) -> None:
        self._spark.sparkContext.setLocalProperty("spark.scheduler.pool", "audit")
        try:
            while batches := self._take():
                clean = {batch.number: batch.lines for batch in batches if not batch.left_out}
                self._settle_up_to(batches[-1].number, clean)
                if self._anomalies:
                    self._look_for_anomalies(self._anomalies, batches)
                for batch in batches:
                    self._log.write("progress", batch=batch.number, **batch.summary, **self.ledger.totals())
        except Exception as error:  # noqa: BLE001 (raised again by the main thread, which ends the query)
            self._error = error

    def _look_for_anomalies(self, reader: AnomalyReader, batches: Sequence[Batch]) -> None:
        last = batches[-1].number
        if any(batch.anomalous_updates() for batch in batches):
            log_anomalies(self._log, last, reader.read_on())
        else:
            reader.pass_over(last, self.last_commit)

    def _take(self) -> list[Batch]:
        """Waits for a batch and takes all that wait with it; nothing means the end."""
        batches: list[Batch] = []
        while not batches or not self._batches.empty():
            batch = self._batches.get()
            if batch is None:
                if batches:
                    self._batches.put(None)
                break
            batches.append(batch)
        return batches

    def _settle_up_to(self, last: int, clean: Mapping[int, int]) -> None:
        """A batch that is not known to be clean is read again: Spark's report may have been lost in a crash."""
        while self.ledger.batch < last:
            batch = self.ledger.batch + 1
            if batch in clean:
                self.ledger = replace(self.ledger, batch=batch, read=self.ledger.read + clean[batch])
            else:
                unknown = takewhile(lambda number: number not in clean, range(batch, last + 1))
                self._audit(list(islice(unknown, MAX_AUDITS_A_READ)))
        self._save(self.ledger)

    def _audit(self, batches: Sequence[int]) -> None:
        began = time.monotonic()
        audits = [plan_audit(self._checkpoint, batch) for batch in batches]
        outcomes = self._judge_and_write([audit for audit in audits if audit.has_rows()])
        late = outcomes_of(outcomes, lambda outcome: outcome == LATE)
        bad = outcomes_of(outcomes, lambda outcome: outcome in REASONS)
        for batch in batches:
            if bad[batch]:
                reasons = ",".join(f"{reason}:{count}" for reason, count in sorted(bad[batch].items()))
                self._log.write("dead_letters", batch=batch, count=bad[batch].total(), reasons=reasons)
            if late[batch]:
                self._log.write("late", batch=batch, samples=late[batch].total())
        ledger = self.ledger
        self._save(
            replace(
                ledger,
                batch=batches[-1],
                read=ledger.read + sum(outcomes.values()),
                dead_lettered=ledger.dead_lettered + sum(counts.total() for counts in bad.values()),
                late=ledger.late + sum(counts.total() for counts in late.values()),
            )
        )
        duration_ms = round((time.monotonic() - began) * 1000)
        self._log.write(
            "audited",
            first_batch=batches[0],
            last_batch=batches[-1],
            rows=sum(outcomes.values()),
            duration_ms=duration_ms,
        )

    def _judge_and_write(self, audits: Sequence[Audit]) -> Outcomes:
        """Counts the outcomes of every record, then writes those that can't be used."""
        if not audits:
            return {}
        judged = reduce(DataFrame.unionAll, (self._judged(audit) for audit in audits))
        rows = judged.groupBy("batch", "outcome").count().collect()
        outcomes = {(row["batch"], row["outcome"]): row["count"] for row in rows}
        if any(outcome in REASONS for _, outcome in outcomes):
            write_dead_letters(judged, self._settings, self._client)
        return outcomes

    def _judged(self, audit: Audit) -> DataFrame:
        return read_again(self._spark, self._settings, self._client, audit).transform(judge(self._settings, audit))

    def _save(self, ledger: Ledger) -> None:
        ledger.save(self._checkpoint)
        self.ledger = ledger
