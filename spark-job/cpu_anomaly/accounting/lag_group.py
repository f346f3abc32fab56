"""A consumer group for tools that show lag: its offsets are where the accounting is, and nobody reads them back.

Spark's checkpoint alone says where the query goes on. So nothing waits for these offsets, and the job does without them
if they are refused.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

from cpu_anomaly.event_log import EventLog
from cpu_anomaly.refusals import lacks_right
from cpu_anomaly.topics import Topics

PREFIX = "cpu-anomaly."
# After an attempt that failed; the next batch does not wait for it either.
RETRY_SECONDS = 1.0
# How long a stop waits for the last offsets.
FINISH_SECONDS = 3.0


class LagGroup:
    """A thread of its own makes one request at a time, always with the newest offsets."""

    def __init__(self, topics: Topics, input_topic: str, log: EventLog) -> None:
        self._topics = topics
        self._input_topic = input_topic
        self._log = log
        self._name: str | None = None
        # The next offsets to read, by partition: those that are accounted for, and those that the broker has.
        self._newest: Mapping[str, int] = {}
        self._known: Mapping[str, int] = {}
        self._is_off = False
        # Guards the offsets, and tells when they change.
        self._change = threading.Condition()

    def open(self, checkpoint_id: str) -> None:
        """Once the id of the checkpoint is known. A further query of the driver has the same one."""
        if self._name is None:
            self._name = f"{PREFIX}{checkpoint_id}"
            self._log.write("lag_group", name=self._name)
            threading.Thread(target=self._run, args=(self._name,), name="lag-group", daemon=True).start()

    def note(self, position: Mapping[str, int]) -> None:
        """The batches up to here are accounted for. Returns at once."""
        with self._change:
            self._newest = position or self._newest
            self._change.notify_all()

    def finish(self) -> None:
        """Returns when the broker has the newest offsets, or after FINISH_SECONDS."""
        with self._change:
            self._change.wait_for(lambda: self._name is None or self._is_off or self._is_known(), FINISH_SECONDS)

    def _is_known(self) -> bool:
        return self._known == self._newest

    def _run(self, name: str) -> None:
        while not self._is_off:
            with self._change:
                self._change.wait_for(lambda: not self._is_known())
                position = self._newest
            self._set(name, position)

    def _set(self, name: str, position: Mapping[str, int]) -> None:
        try:
            self._topics.set_group_offsets(name, position)
        except Exception as error:  # noqa: BLE001 (the job goes on without a display of its lag)
            self._put_off(name, position, error)
            return
        with self._change:
            self._known = position
            self._change.notify_all()

    def _put_off(self, name: str, position: Mapping[str, int], error: Exception) -> None:
        """Until the next batch or for RETRY_SECONDS; for good if the broker refuses it."""
        is_refused = lacks_right(error)
        if is_refused:
            reason = f"lag tools do not show this job: it needs READ on group {name} and on topic {self._input_topic}"
            self._log.write("lag_group", name=name, state="off", reason=reason)
        with self._change:
            self._is_off = is_refused
            self._change.notify_all()
            self._change.wait_for(lambda: self._is_off or self._newest != position, RETRY_SECONDS)
