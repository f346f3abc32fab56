"""Does what the checkpoint knows of the topics still hold? Spark looks for itself, but not always, and not in time.

It knows topics by name only, so it reads on at the old offset of a topic that was deleted and created again. In
real-time mode it does not look for records that were removed unread.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic

from cpu_anomaly.accounting.checkpoint import Checkpoint
from cpu_anomaly.event_log import EventLog
from cpu_anomaly.lost_records import RecordsLostError, new_records_text, require_unread_records
from cpu_anomaly.settings import ConfigurationError, Settings
from cpu_anomaly.topics import Bounds, TopicReplacedError, Topics, require_same_topics

# An answer of the broker. A query that failed because the broker is away is started again after this.
PATIENCE_MS = 5_000
# What is written so long after the last results was not there when their batch read its records.
AFTER_READ_MS = 10_000
TIMES_UNKNOWN = (
    "records that the job has read may have been replaced by newer ones, but this user lacks DESCRIBE_CONFIGS on the "
    "topic, so the job cannot tell and goes on"
)
# A broker that is starting may not know all its topics yet.
MISSING_SECONDS = 5.0


class Continuity:
    """`known` holds the ids of the topics by name."""

    def __init__(
        self, topics: Topics, settings: Settings, known: Mapping[str, str], checkpoint: Checkpoint, log: EventLog
    ) -> None:
        self._topics = topics.waiting(PATIENCE_MS)
        self._input_topic = settings.input_topic
        self._dead_letter_topic = settings.dead_letter_topic
        self._known = known
        self._checkpoint = checkpoint
        self._log = log
        # Since when a topic has been missing, by name.
        self._missing: dict[str, float] = {}
        self._seen = Bounds({}, {})
        # Where the next batch starts to read, by partition.
        self.position: Mapping[str, int] = {}

    @property
    def misses_topics(self) -> bool:
        """True if the last look did not find all topics: another one, MISSING_SECONDS later, tells if they are gone."""
        return bool(self._missing)

    def require_unread_records(self, bounds: Bounds | None = None) -> None:
        """While no query runs: compares the checkpoint with the bounds of the input topic. Raises RecordsLostError.

        Asks the broker for them unless they are given.
        """
        self.position = self._position()
        require_unread_records(self._input_topic, self.position, bounds or self._topics.input_bounds())

    def require_records_as_read(self, batch_ms: int) -> None:
        """While no query runs. Raises RecordsLostError if new records have offsets that the query has read past.

        A broker that loses the end of its log, as by a power failure, gives the offsets of lost records to new ones.
        Those were written after the last batch had read its own: it began at its plan's time, and read for `batch_ms`
        at most. And after its results, by the broker's clock: the driver's may be another.
        """
        last = self._checkpoint.last_commit()
        if last < 0:
            return
        read_ms = max(self._checkpoint.plan(last).timestamp_ms + batch_ms, self._topics.newest_output_ms())
        since = self._topics.input_since(read_ms + AFTER_READ_MS)
        new = {each: first for each, first in since.items() if first < self.position.get(each, 0)}
        if not new:
            return
        is_stamped = self._topics.stamps_input()
        if is_stamped:
            raise RecordsLostError(new_records_text(self._input_topic, new, self.position))
        if is_stamped is None:
            self._log.write("times_unknown", topic=self._input_topic, reason=TIMES_UNKNOWN)

    def look(self) -> Bounds:
        """While the query runs: the bounds of the input topic. Raises TopicReplacedError or RecordsLostError."""
        position = self.position  # before the bounds are asked for, which only grow
        ids = self._topics.ids()
        self._accept_new_dead_letter_topic(ids)
        require_same_topics(self._known, ids)
        self._require_present(self._known.keys() - ids.keys())
        if not self._missing:
            self._seen = self._topics.input_bounds()
            # Not those before it: the batch that runs may have read them.
            require_unread_records(self._input_topic, position, Bounds({}, self._seen.end))
        if not self.position:  # a new query has chosen where to start by now
            self.position = self._position()
        return self._seen

    def _position(self) -> Mapping[str, int]:
        return self._checkpoint.position().get(self._input_topic, {})

    def committed(self, position: Mapping[str, int]) -> None:
        """A batch has ended at `position`. Raises RecordsLostError if records beyond it had been removed before.

        Those removed since then may have been read: in real-time mode the next batch is already running. If it has not
        read them, Kafka's consumer does not find its offset, and the query fails.
        """
        self.position = position
        require_unread_records(self._input_topic, position, Bounds(self._seen.earliest, position))

    def _accept_new_dead_letter_topic(self, ids: Mapping[str, str]) -> None:
        """Nothing is read from it, so the job goes on; but the letters of the old topic are gone."""
        name = self._dead_letter_topic
        if name in ids and ids[name] != self._known[name]:
            self._log.write("dead_letters_deleted", topic=name)
            self._known = {**self._known, name: ids[name]}

    def _require_present(self, missing: set[str]) -> None:
        now = monotonic()
        self._missing = {name: self._missing.get(name, now) for name in missing}
        gone = {name for name, since in self._missing.items() if now - since >= MISSING_SECONDS}
        if gone == {self._dead_letter_topic}:
            raise ConfigurationError(
                f"topic {self._dead_letter_topic} was deleted while the job ran: `up` creates it again, and then "
                "`submit` continues the job"
            )
        if gone:
            raise TopicReplacedError(
                f"topic {', '.join(sorted(gone))} was deleted while the job ran: `up` creates it again, but the "
                "checkpoint belongs to the old topic: start a new checkpoint with `submit --new-checkpoint`"
            )
