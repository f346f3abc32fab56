"""Offsets of a topic whose leaders change, and whether it is still the one that the checkpoint knows."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from broker import FakeTopics
from conftest import SettingsOf
from py4j.protocol import Py4JJavaError

from cpu_anomaly.refusals import RefusedError
from cpu_anomaly.settings import ConfigurationError
from cpu_anomaly.topics import (
    ATTEMPTS,
    Bounds,
    JobTopics,
    TopicReplacedError,
    find_topics,
    patiently,
    require_same_topics,
    require_topics,
)

BOUNDS = Bounds({"0": 5, "1": 0}, {"0": 20, "1": 8})


class Error(Py4JJavaError):
    """An error of Kafka's admin client."""

    def __init__(self, text: str) -> None:
        Exception.__init__(self, text)
        self.java_exception = text


class Broker:
    """Answers with the next of these, or fails with it."""

    def __init__(self, *answers: int | Error) -> None:
        self._answers = answers
        self.requests = 0

    def ask(self) -> int:
        answer = self._answers[self.requests]
        self.requests += 1
        if isinstance(answer, Error):
            raise answer
        return answer


TIMEOUT = Error("ExecutionException: org.apache.kafka.common.errors.TimeoutException: Timed out waiting for a node")
REFUSED = Error("ExecutionException: org.apache.kafka.common.errors.TopicAuthorizationException: no")


def test_broker_is_asked_again_if_a_leader_does_not_answer() -> None:
    broker = Broker(TIMEOUT, 7)
    assert patiently(broker.ask) == 7
    assert broker.requests == 2


@pytest.mark.parametrize(
    ("answers", "requests"), [([TIMEOUT] * ATTEMPTS, ATTEMPTS), ([REFUSED], 1)], ids=["no leader", "refused"]
)
def test_what_stays_or_cannot_change_is_an_error(answers: list[Error], requests: int) -> None:
    broker = Broker(*answers)
    with pytest.raises(Error):
        patiently(broker.ask)
    assert broker.requests == requests


NAMES = {"input_topic": "in", "output_topic": "out", "dead_letter_topic": "dead"}
IDS = {"in": "a", "out": "b", "dead": "c"}


def test_topics_of_a_job_are_asked_for_once(settings_of: SettingsOf) -> None:
    topics = FakeTopics(IDS, BOUNDS)
    assert find_topics(topics, settings_of(**NAMES)) == JobTopics(IDS, BOUNDS, rights={})
    assert topics.requests == 1


def test_topic_that_does_not_exist_is_named_before_its_bounds_are_asked_for(settings_of: SettingsOf) -> None:
    topics = FakeTopics({"out": "b", "dead": "c"}, BOUNDS)
    with pytest.raises(ConfigurationError, match=r"^topic in does not exist: `up` creates it$"):
        find_topics(topics, settings_of(**NAMES))
    assert topics.requests == 0


def test_topic_that_may_not_be_described_is_a_right_that_lacks_and_no_topic_that_does_not_exist(
    settings_of: SettingsOf,
) -> None:
    topics = FakeTopics({"out": "b", "dead": "c"}, BOUNDS, granted={"in": frozenset()})
    with pytest.raises(RefusedError, match="READ on topic in"):
        find_topics(topics, settings_of(**NAMES))


@pytest.mark.parametrize("known", [{}, {"in": "a"}, {"in": "a", "out": "b"}, {"in": "a", "out": "b", "old": "c"}])
def test_topics_that_are_new_or_have_the_known_id_are_accepted(known: Mapping[str, str]) -> None:
    require_same_topics(known, {"in": "a", "out": "b"})


def test_topic_with_another_id_is_refused_with_the_way_out() -> None:
    message = "^topic out was deleted and created again: its id was b and is now c; .*`submit --new-checkpoint`$"
    with pytest.raises(TopicReplacedError, match=message):
        require_same_topics({"in": "a", "out": "b"}, {"in": "a", "out": "c"})


def test_topics_that_do_not_exist_are_named() -> None:
    require_topics(["in", "out"], {"in": "a", "out": "b"})
    with pytest.raises(ConfigurationError, match=r"^topic out, dead does not exist: `up` creates it$"):
        require_topics(["in", "out", "dead"], {"in": "a"})


def test_unread_records_are_counted_over_all_partitions() -> None:
    assert BOUNDS.unread({"0": 15}) == 13
    assert BOUNDS.unread({}) == 23
    assert BOUNDS.unread({"0": 25, "1": 8}) == 0
