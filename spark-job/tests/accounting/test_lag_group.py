"""The group that shows lag: which offsets it is given, and that nothing waits for the broker."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Mapping

import pytest
from broker import FakeTopics
from conftest import lines_of
from spark_reports import SECONDS
from thrown import refused

from cpu_anomaly.accounting import lag_group
from cpu_anomaly.accounting.lag_group import LagGroup
from cpu_anomaly.event_log import EventLog
from cpu_anomaly.topics import Bounds

GROUP = "cpu-anomaly.1-2"
OPENED = f"lag_group name={GROUP}"


class Broker(FakeTopics):
    """Fails with these errors first. An answer may be held back."""

    def __init__(self, *errors: Exception) -> None:
        super().__init__({}, Bounds({}, {}))
        self._errors = list(errors)
        self.requested: list[Mapping[str, int]] = []
        self.may_answer = threading.Event()
        self.may_answer.set()

    def set_group_offsets(self, group: str, position: Mapping[str, int]) -> None:
        self.requested.append(position)
        assert self.may_answer.wait(SECONDS), "the test has ended without an answer"
        if self._errors:
            raise self._errors.pop(0)
        super().set_group_offsets(group, position)


def wait_until(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not is_true():
        assert time.monotonic() < deadline, "it did not become true"
        time.sleep(0.001)


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


def group_of(broker: Broker, out: io.StringIO) -> LagGroup:
    return LagGroup(broker, "in", EventLog(out))


def test_group_is_named_once_and_gets_what_was_accounted_for_before_it_had_a_name(out: io.StringIO) -> None:
    broker = Broker()
    group = group_of(broker, out)
    group.note({"0": 5})
    group.open("1-2")
    group.open("1-2")
    group.finish()
    assert (broker.groups, lines_of(out)) == ({GROUP: {"0": 5}}, [OPENED])


def test_offsets_that_the_broker_has_are_not_sent_again(out: io.StringIO) -> None:
    broker = Broker()
    group = group_of(broker, out)
    group.open("1-2")
    for position in ({"0": 5}, {"0": 5}, {}, {"0": 7, "1": 2}):
        group.note(position)
        group.finish()
    assert broker.requested == [{"0": 5}, {"0": 7, "1": 2}]


def test_one_request_is_made_at_a_time_and_the_newest_offsets_follow_it(out: io.StringIO) -> None:
    broker = Broker()
    broker.may_answer.clear()
    group = group_of(broker, out)
    group.open("1-2")
    for offset in range(1, 5):
        group.note({"0": offset})
        wait_until(lambda: bool(broker.requested))
    broker.may_answer.set()
    # Without another batch, and without a stop.
    wait_until(lambda: broker.groups == {GROUP: {"0": 4}})
    assert broker.requested == [{"0": 1}, {"0": 4}]


@pytest.mark.parametrize("kind", ["GroupAuthorization", "TopicAuthorization"])
def test_refused_right_is_logged_once_and_ends_the_requests(out: io.StringIO, kind: str) -> None:
    broker = Broker(refused(kind))
    group = group_of(broker, out)
    group.open("1-2")
    for offset in (1, 2, 3):
        group.note({"0": offset})
        group.finish()
    needed = f'"lag tools do not show this job: it needs READ on group {GROUP} and on topic in"'
    assert lines_of(out) == [OPENED, f"lag_group name={GROUP} state=off reason={needed}"]
    assert (len(broker.requested), broker.groups) == (1, {})


def test_other_failure_is_followed_by_another_attempt_with_the_next_batch(
    out: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lag_group, "RETRY_SECONDS", 60.0)
    broker = Broker(refused("Timeout"), refused("UnknownMemberId"))
    group = group_of(broker, out)
    group.open("1-2")
    for offset in (1, 2, 3):
        group.note({"0": offset})
        wait_until(lambda: broker.requested[-1:] == [{"0": offset}])  # noqa: B023 (it is called in this turn)
    group.finish()
    assert (broker.groups, lines_of(out)) == ({GROUP: {"0": 3}}, [OPENED])


def test_other_failure_is_followed_by_another_attempt_without_a_batch(
    out: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lag_group, "RETRY_SECONDS", 0.01)
    broker = Broker(refused("Timeout"))
    group = group_of(broker, out)
    group.open("1-2")
    group.note({"0": 1})
    wait_until(lambda: broker.groups == {GROUP: {"0": 1}})


def test_stop_waits_for_the_broker_only_for_a_while(out: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lag_group, "FINISH_SECONDS", 0.05)
    broker = Broker()
    broker.may_answer.clear()
    group = group_of(broker, out)
    group.open("1-2")
    group.note({"0": 1})
    started = time.monotonic()
    group.finish()
    assert 0.05 <= time.monotonic() - started < SECONDS
    broker.may_answer.set()


def test_stop_before_the_first_query_waits_for_nothing(out: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lag_group, "FINISH_SECONDS", SECONDS)
    group = group_of(Broker(), out)
    group.note({"0": 1})
    started = time.monotonic()
    group.finish()
    assert time.monotonic() - started < SECONDS
