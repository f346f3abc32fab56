"""Does what the checkpoint knows of the topics still hold?"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, ClassVar, cast

import pytest
from broker import FakeTopics
from conftest import SettingsOf, lines_of

from cpu_anomaly import continuity
from cpu_anomaly.continuity import Continuity
from cpu_anomaly.event_log import EventLog
from cpu_anomaly.lost_records import RecordsLostError
from cpu_anomaly.settings import ConfigurationError
from cpu_anomaly.topics import Bounds, TopicReplacedError

KNOWN = {"in": "a", "out": "b", "dead": "c"}
BOUNDS = Bounds({"0": 5}, {"0": 20})


def topics_of(known: Mapping[str, str] = KNOWN, bounds: Bounds = BOUNDS) -> FakeTopics:
    return FakeTopics(known, bounds)


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


ContinuityOf = Callable[[FakeTopics, Mapping[str, Mapping[str, int]]], Continuity]


class Clock:
    """Of the looks at the topics, which are five seconds apart."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(continuity, "monotonic", clock)
    return clock


@pytest.fixture
def continuity_of(settings_of: SettingsOf, out: io.StringIO) -> ContinuityOf:
    settings = settings_of(input_topic="in", output_topic="out", dead_letter_topic="dead")

    def make(topics: FakeTopics, position: Mapping[str, Mapping[str, int]]) -> Continuity:
        checkpoint = cast(Any, SimpleNamespace(position=lambda: position))
        return Continuity(topics, settings, KNOWN, checkpoint, EventLog(out))

    return make


def test_checkpoint_is_compared_with_the_broker_before_the_query_starts(continuity_of: ContinuityOf) -> None:
    continuity = continuity_of(topics_of(), {"in": {"0": 4}})
    with pytest.raises(RecordsLostError, match="partition 0: 1 lost, wanted offset 4, the earliest is 5"):
        continuity.require_unread_records()
    assert continuity.position == {"0": 4}


def test_bounds_that_are_given_are_not_asked_for(continuity_of: ContinuityOf) -> None:
    topics = topics_of()
    continuity_of(topics, {"in": {"0": 4}}).require_unread_records(Bounds({"0": 4}, {"0": 4}))
    assert topics.requests == 0


def test_new_checkpoint_has_nothing_to_lose(continuity_of: ContinuityOf) -> None:
    continuity_of(topics_of(), {}).require_unread_records()


def test_topic_that_was_created_again_is_noticed(continuity_of: ContinuityOf) -> None:
    topics = topics_of({**KNOWN, "out": "d"})
    with pytest.raises(TopicReplacedError, match="topic out was deleted and created again"):
        continuity_of(topics, {}).look()


def test_topic_that_stays_missing_was_deleted(continuity_of: ContinuityOf, clock: Clock) -> None:
    topics = topics_of()
    watched = continuity_of(topics, {})
    without = {"in": "a", "dead": "c"}
    # Two threads may look shortly after one another: a broker that is starting has no time to learn of its topics.
    for seconds, known in [(0.0, without), (4.9, without), (5.0, KNOWN), (10.0, without), (10.1, without)]:
        clock.seconds, topics.known = seconds, dict(known)
        watched.look()
        assert watched.misses_topics == (known == without)
    clock.seconds = 15.0
    with pytest.raises(TopicReplacedError, match="topic out was deleted while the job ran"):
        watched.look()


def test_dead_letter_topic_that_is_missing_needs_no_new_checkpoint(continuity_of: ContinuityOf, clock: Clock) -> None:
    topics = topics_of({"in": "a", "out": "b"})
    continuity = continuity_of(topics, {})
    continuity.look()
    clock.seconds = 5.0
    with pytest.raises(ConfigurationError, match=r"topic dead was deleted .*, and then `submit` continues the job"):
        continuity.look()


def test_dead_letter_topic_that_was_created_again_is_logged_once(continuity_of: ContinuityOf, out: io.StringIO) -> None:
    topics = topics_of({**KNOWN, "dead": "d"})
    continuity = continuity_of(topics, {})
    continuity.look()
    continuity.look()
    assert [line.split(" ", 1)[1] for line in out.getvalue().splitlines()] == ["dead_letters_deleted topic=dead"]


def test_what_retention_removes_beyond_a_commit_may_have_been_read(continuity_of: ContinuityOf) -> None:
    topics = topics_of()
    continuity = continuity_of(topics, {})
    continuity.committed({"0": 8})
    topics.bounds = Bounds({"0": 12}, {"0": 20})
    continuity.look()
    continuity.committed({"0": 12})
    with pytest.raises(RecordsLostError, match="partition 0: 1 lost, wanted offset 11, the earliest is 12"):
        continuity.committed({"0": 11})


def test_topic_that_ends_before_what_was_read_has_lost_records(continuity_of: ContinuityOf) -> None:
    topics = topics_of()
    continuity = continuity_of(topics, {})
    continuity.committed({"0": 20})
    continuity.look()
    topics.bounds = Bounds({"0": 5}, {"0": 19})
    with pytest.raises(
        RecordsLostError, match="partition 0: the job has read up to offset 20, but the topic ends at 19"
    ):
        continuity.look()


def test_partition_that_is_added_has_lost_what_it_no_longer_has(continuity_of: ContinuityOf) -> None:
    topics = topics_of(bounds=Bounds({"0": 5, "1": 3}, {"0": 20, "1": 4}))
    with pytest.raises(RecordsLostError, match=r"partition 1: 3 lost, wanted offset 0, the earliest is 3"):
        continuity_of(topics, {"in": {"0": 5}}).require_unread_records()


def test_new_query_starts_where_it_has_chosen_to(settings_of: SettingsOf) -> None:
    positions = iter([{}, {"in": {"0": 20}}])
    checkpoint = cast(Any, SimpleNamespace(position=lambda: next(positions)))
    continuity = Continuity(
        topics_of(), settings_of(input_topic="in"), {"in": "a"}, checkpoint, EventLog(io.StringIO())
    )
    continuity.require_unread_records()
    assert continuity.look().unread(continuity.position) == 0
    continuity.look()


class TestRecordsAsRead:
    """Batch 3 was planned at 50,000 ms, and ended at offset 10."""

    POSITION: ClassVar = {"in": {"0": 10, "1": 7}}

    def look(self, continuity_of: ContinuityOf, topics: FakeTopics, batch_ms: int = 0, last_commit: int = 3) -> None:
        continuity = continuity_of(topics, self.POSITION)
        continuity.require_unread_records(Bounds({}, {"0": 30, "1": 30}))
        plan = SimpleNamespace(timestamp_ms=50_000)
        continuity._checkpoint = cast(Any, SimpleNamespace(last_commit=lambda: last_commit, plan=lambda _: plan))
        continuity.require_records_as_read(batch_ms)

    def test_new_records_in_the_place_of_read_ones_are_a_loss(self, continuity_of: ContinuityOf) -> None:
        topics = topics_of()
        topics.written = {"0": (8, 60_001), "1": (7, 60_001)}
        with pytest.raises(
            RecordsLostError, match=r"partition 0: .* up to offset 10, .* from 8 on .*results; the results"
        ):
            self.look(continuity_of, topics)

    @pytest.mark.parametrize(
        ("change", "batch_ms", "last_commit"),
        [
            ({"written": {"0": (10, 60_001)}}, 0, 3),
            ({"written": {"0": (8, 59_999)}}, 0, 3),
            ({}, 20_000, 3),
            ({"output_ms": 51_000}, 0, 3),
            ({"is_stamped": False}, 0, 3),
            ({"is_stamped": None}, 0, 3),
            ({}, 0, -1),
        ],
        ids=[
            "they have not been read",
            "written while the batch began",
            "written while the batch lasted",
            "written before its last results",
            "stamped by their producers",
            "nobody may know who has stamped them",
            "no batch has read any",
        ],
    )
    def test_records_that_the_query_may_have_read_are_no_loss(
        self, continuity_of: ContinuityOf, change: Mapping[str, Any], batch_ms: int, last_commit: int
    ) -> None:
        topics = replace(topics_of(), **{"written": {"0": (8, 60_001)}, **change})
        self.look(continuity_of, topics, batch_ms, last_commit)

    def test_records_that_cannot_be_judged_are_logged(self, continuity_of: ContinuityOf, out: io.StringIO) -> None:
        self.look(continuity_of, replace(topics_of(), written={"0": (8, 60_001)}, is_stamped=None))
        assert [line.partition(" reason=")[0] for line in lines_of(out)] == ["times_unknown topic=in"]
