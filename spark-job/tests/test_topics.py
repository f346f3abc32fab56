"""Offsets of a topic whose leaders change, and whether it is still the one that the checkpoint knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import pytest
from py4j.protocol import Py4JJavaError

from cpu_anomaly import topics
from cpu_anomaly.settings import ConfigurationError
from cpu_anomaly.topics import (
    ATTEMPTS,
    Bounds,
    RecordsLostError,
    TopicReplacedError,
    end_offsets,
    require_same_topics,
    require_topics,
    require_unread_records,
)


class Error(Py4JJavaError):
    """An error of Kafka's admin client."""

    def __init__(self, text: str) -> None:
        Exception.__init__(self, text)
        self.java_exception = text


class Broker:
    """Answers with the next of these, or fails with it; each client asks once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: dict[str, int] | Error) -> None:
        self._answers = list(answers)
        self.clients = 0
        monkeypatch.setattr(topics, "kafka_admin", self._admin)
        monkeypatch.setattr(topics, "bounds_of", self._bounds_of)

    @contextmanager
    def _admin(self, *_: object) -> Iterator[tuple[None, None]]:
        self.clients += 1
        yield None, None

    def _bounds_of(self, *_: object) -> Bounds:
        answer = self._answers.pop(0)
        if isinstance(answer, Error):
            raise answer
        return Bounds({}, answer)


TIMEOUT = Error("ExecutionException: org.apache.kafka.common.errors.TimeoutException: Timed out waiting for a node")
REFUSED = Error("ExecutionException: org.apache.kafka.common.errors.TopicAuthorizationException: no")


def test_offsets_are_asked_for_again_if_a_leader_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = Broker(monkeypatch, TIMEOUT, {"0": 7})
    assert end_offsets(cast(Any, None), "in", {}) == {"0": 7}
    assert broker.clients == 2


@pytest.mark.parametrize(
    ("answers", "clients"), [([TIMEOUT] * ATTEMPTS, ATTEMPTS), ([REFUSED], 1)], ids=["no leader", "refused"]
)
def test_what_stays_or_cannot_change_is_an_error(
    monkeypatch: pytest.MonkeyPatch, answers: list[Error], clients: int
) -> None:
    broker = Broker(monkeypatch, *answers)
    with pytest.raises(Error):
        end_offsets(cast(Any, None), "in", {})
    assert broker.clients == clients


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


BOUNDS = Bounds({"0": 5, "1": 0}, {"0": 20, "1": 8})


@pytest.mark.parametrize("position", [{}, {"0": 5, "1": 0}, {"0": 20, "1": 8}, {"0": 5}])
def test_position_within_the_bounds_has_lost_nothing(position: Mapping[str, int]) -> None:
    require_unread_records("in", position, BOUNDS)


@pytest.mark.parametrize(
    ("position", "lost"),
    [
        ({"0": 4, "1": 0}, "partition 0: 1 lost, wanted offset 4, the earliest is 5"),
        ({"1": 0}, "partition 0: 5 lost, wanted offset 0, the earliest is 5"),
        ({"0": 5, "1": 9}, "partition 1: the job has read up to offset 9, but the topic ends at 8"),
        ({"0": 0, "1": 9}, "partition 0: 5 lost, .*; partition 1: the job has read up to offset 9"),
    ],
)
def test_position_outside_the_bounds_names_what_is_lost(position: Mapping[str, int], lost: str) -> None:
    with pytest.raises(RecordsLostError, match=f"^records of topic in were removed .*: {lost}.*`submit"):
        require_unread_records("in", position, BOUNDS)


def test_unread_records_are_counted_over_all_partitions() -> None:
    assert BOUNDS.unread({"0": 15}) == 13
    assert BOUNDS.unread({}) == 23
    assert BOUNDS.unread({"0": 25, "1": 8}) == 0
