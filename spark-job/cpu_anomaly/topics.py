"""Topics on the broker: ids, offsets, and whether they still fit what the checkpoint knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from py4j.protocol import Py4JJavaError

from cpu_anomaly.rights import Rights, require_rights
from cpu_anomaly.settings import ConfigurationError, Settings

T = TypeVar("T")

ATTEMPTS = 3


class TopicReplacedError(Exception):
    """A topic of this name exists, but it is not the one whose offsets the checkpoint holds."""


@dataclass(frozen=True)
class Bounds:
    """By partition of a topic, the offset of its oldest record that is still there, and of the next one to come."""

    earliest: Mapping[str, int]
    end: Mapping[str, int]

    @property
    def partitions(self) -> int:
        return len(self.end)

    def unread(self, position: Mapping[str, int]) -> int:
        """How many offsets are between a position and the end, as far as the topic still has them."""
        return sum(
            max(0, end - max(position.get(partition, 0), self.earliest.get(partition, 0)))
            for partition, end in self.end.items()
        )


class Topics(Protocol):
    """The job's topics, as the broker has them."""

    def waiting(self, wait_ms: int) -> Topics:
        """The same topics, but an answer may take this long."""

    def rights(self) -> Rights:
        """What this user may do with them."""

    def ids(self) -> Mapping[str, str]:
        """Ids by name of those that exist."""

    def input_bounds(self) -> Bounds:
        """Of the input topic."""

    def input_since(self, time_ms: int) -> Mapping[str, int]:
        """By partition of the input topic, the offset of its first record of this time (ms since 1970) or later.

        Without the partitions that have none.
        """

    def stamps_input(self) -> bool | None:
        """True if the broker itself gives the records of the input topic their times, when they arrive.

        None if this user may not know.
        """

    def output_end(self) -> Mapping[str, int]:
        """Of the output topic, as in Bounds."""

    def newest_output_ms(self) -> int:
        """The newest time of a result or a dead letter, in ms since 1970; negative if there is none."""

    def set_group_offsets(self, group: str, position: Mapping[str, int]) -> None:
        """Makes a position in the input topic that of a consumer group without members."""


@dataclass(frozen=True)
class JobTopics:
    """The job's topics as they were when the driver started: ids by name, and the bounds of the input topic."""

    ids: Mapping[str, str]
    input_bounds: Bounds
    rights: Rights


def patiently(ask: Callable[[], T], attempts: int = ATTEMPTS) -> T:
    """If a leader does not answer, asks again: by then another one may have been elected."""
    try:
        return ask()
    except Py4JJavaError as error:
        if attempts == 1 or "TimeoutException" not in str(error.java_exception):
            raise
    return patiently(ask, attempts - 1)


def find_topics(topics: Topics, settings: Settings) -> JobTopics:
    """Asks the broker once. Raises RefusedError, or ConfigurationError if one of the topics does not exist."""
    rights = topics.rights()
    require_rights(rights, settings)
    ids = topics.ids()
    require_topics(settings.topics, ids)
    return JobTopics(ids, patiently(topics.input_bounds), rights)


def require_topics(names: Sequence[str], ids: Mapping[str, str]) -> None:
    """Raises ConfigurationError for a topic that does not exist."""
    if missing := [name for name in names if name not in ids]:
        raise ConfigurationError(f"topic {', '.join(missing)} does not exist: `up` creates it")


def require_same_topics(known: Mapping[str, str], current: Mapping[str, str]) -> None:
    """Compares topic ids by name. Raises TopicReplacedError for a topic that was deleted and created again.

    Its offsets and windows would be mixed with those of the old topic.
    """
    for topic, topic_id in current.items():
        known_id = known.get(topic, topic_id)
        if known_id != topic_id:
            raise TopicReplacedError(
                f"topic {topic} was deleted and created again: its id was {known_id} and is now {topic_id}; "
                "the checkpoint belongs to the old topic: start a new checkpoint with `submit --new-checkpoint`"
            )
