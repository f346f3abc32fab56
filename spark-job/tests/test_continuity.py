"""Does what the checkpoint knows of the topics still hold?"""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cpu_anomaly.continuity import Continuity
from cpu_anomaly.topics import Bounds, RecordsLostError, TopicReplacedError


class FakeTopics:
    def __init__(self) -> None:
        self.known = {"in": "a", "out": "b"}
        self.bounds = Bounds({"0": 5}, {"0": 20})

    def waiting(self, _wait_ms: int) -> FakeTopics:
        return self

    def ids(self) -> Mapping[str, str]:
        return self.known

    def input_bounds(self) -> Bounds:
        return self.bounds


def continuity_of(topics: FakeTopics, position: Mapping[str, Mapping[str, int]]) -> Continuity:
    checkpoint = SimpleNamespace(position=lambda: position)
    return Continuity(topics, "in", {"in": "a", "out": "b"}, cast(Any, checkpoint))


def test_checkpoint_is_compared_with_the_broker_before_the_query_starts() -> None:
    continuity = continuity_of(FakeTopics(), {"in": {"0": 4}})
    with pytest.raises(RecordsLostError, match="partition 0: 1 lost, wanted offset 4, the earliest is 5"):
        continuity.require_unread_records()
    assert continuity.position == {"0": 4}


def test_new_checkpoint_has_nothing_to_lose() -> None:
    continuity_of(FakeTopics(), {}).require_unread_records()


def test_topic_that_was_created_again_is_noticed() -> None:
    topics = FakeTopics()
    topics.known = {"in": "a", "out": "c"}
    with pytest.raises(TopicReplacedError, match="topic out was deleted and created again"):
        continuity_of(topics, {}).look()


def test_topic_that_is_missing_twice_in_a_row_was_deleted() -> None:
    topics = FakeTopics()
    continuity = continuity_of(topics, {})
    for known in ({"in": "a"}, {"in": "a", "out": "b"}, {"in": "a"}):
        topics.known = known
        continuity.look()
    with pytest.raises(TopicReplacedError, match="topic out was deleted while the job ran"):
        continuity.look()


def test_what_retention_removes_beyond_a_commit_may_have_been_read() -> None:
    topics = FakeTopics()
    continuity = continuity_of(topics, {})
    continuity.committed({"0": 8})
    topics.bounds = Bounds({"0": 12}, {"0": 20})
    continuity.look()
    continuity.committed({"0": 12})
    with pytest.raises(RecordsLostError, match="partition 0: 1 lost, wanted offset 11, the earliest is 12"):
        continuity.committed({"0": 11})


def test_partition_that_is_added_has_lost_what_it_no_longer_has() -> None:
    topics = FakeTopics()
    topics.bounds = Bounds({"0": 5, "1": 3}, {"0": 20, "1": 4})
    with pytest.raises(RecordsLostError, match=r"partition 1: 3 lost, wanted offset 0, the earliest is 3"):
        continuity_of(topics, {"in": {"0": 5}}).require_unread_records()
