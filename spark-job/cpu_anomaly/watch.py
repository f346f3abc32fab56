"""What Spark reports of the query: the batches that it has committed, and whether it waits for records or has ended."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

from pyspark.sql.streaming.listener import (
    QueryIdleEvent,
    QueryProgressEvent,
    QueryStartedEvent,
    QueryTerminatedEvent,
    StreamingQueryListener,
)

from cpu_anomaly.accounting.anomalies import log_anomalies
from cpu_anomaly.accounting.progress import Batch
from cpu_anomaly.event_log import EventLog


class Watch(StreamingQueryListener):
    """Keeps what the main thread asks for, and hands each committed batch to `on_commit`, on Spark's thread."""

    def __init__(self, log: EventLog, on_commit: Callable[[Batch], None], on_ready: Callable[[], None]) -> None:
        self._log = log
        self._on_commit = on_commit
        self._on_ready = on_ready
        self.is_ready = False
        self._becoming_ready = threading.Lock()  # two threads report it: Spark's listener and the driver's own
        self.is_idle = False
        # Batches of this driver.
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
        self.lag = batch.lag
        self.ready(batch.number)
        if anomalies := batch.anomalies():
            log_anomalies(self._log, batch.number, anomalies)
        self._on_commit(batch)

    def onQueryIdle(self, _event: QueryIdleEvent) -> None:
        self.is_idle = True

    def onQueryTerminated(self, _event: QueryTerminatedEvent) -> None:
        self.terminated.set()

    def ready(self, batch: int) -> None:
        """Reports once per driver that the state is loaded, and that the query processes records or waits for them."""
        with self._becoming_ready:
            if not self.is_ready:
                self._log.write("ready", batch=batch_or_none(batch))
                self._on_ready()
                self.is_ready = True


def batch_or_none(batch: int) -> int | None:
    """For the log: None instead of -1, which stands for no batch."""
    return batch if batch >= 0 else None
