"""How the driver waits for a query and ends it."""

from __future__ import annotations

import io
from typing import Any, cast

import pytest
from spark_reports import Query, ended, fail, progress_event, running

from cpu_anomaly.event_log import EventLog
from cpu_anomaly.running import run_until, stop_after_batch
from cpu_anomaly.watch import Watch


@pytest.fixture
def watch() -> Watch:
    watch = Watch(EventLog(io.StringIO()), lambda _: None, lambda: None)
    watch.terminated.set()
    return watch


def in_a_batch(*steps: Any) -> Query:
    query = Query(*steps)
    query.status["isTriggerActive"] = True
    return query


def test_waits_until_it_is_over() -> None:
    query = Query()
    run_until(lambda: query.waits == 3, cast(Any, query))
    assert query.waits == 3


def test_waits_no_longer_than_the_query_lives() -> None:
    query = Query(running, ended)
    run_until(lambda: False, cast(Any, query))
    assert query.waits == 2


def test_what_made_the_query_fail_is_raised() -> None:
    with pytest.raises(RuntimeError, match="no broker"):
        run_until(lambda: False, cast(Any, Query(running, fail)))


def test_stop_waits_for_the_batch_that_is_running(watch: Watch) -> None:
    def commit() -> bool:
        watch.onQueryProgress(progress_event(4))
        return False

    query = in_a_batch(running, commit)
    stop_after_batch(cast(Any, query), watch, batch_seconds=60)
    assert (query.waits, query.is_stopped) == (2, True)


def test_stop_does_not_wait_between_two_batches(watch: Watch) -> None:
    query = Query()
    stop_after_batch(cast(Any, query), watch, batch_seconds=60)
    assert (query.waits, query.is_stopped) == (0, True)


def test_stop_cuts_a_batch_short_at_the_deadline(watch: Watch) -> None:
    query = in_a_batch()
    stop_after_batch(cast(Any, query), watch, batch_seconds=0.0, grace_seconds=0.01)
    assert query.is_stopped


def test_query_that_ends_meanwhile_needs_no_stop(watch: Watch) -> None:
    query = in_a_batch(ended)
    stop_after_batch(cast(Any, query), watch, batch_seconds=60)
    assert not query.is_stopped
