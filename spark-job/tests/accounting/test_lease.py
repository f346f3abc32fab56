"""One driver per checkpoint: two leases on one folder, through Hadoop's local file system."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from cpu_anomaly.accounting.files import CheckpointFiles, Hadoop
from cpu_anomaly.accounting.lease import LEASE, CheckpointTakenError, Holder, Lease, LeaseExpiredError, Timing

QUICK = Timing(beat=0.1, settle=0.6, expiry=2.0, watch=3.0)
DEADLINE = 30.0


class Driver:
    def __init__(self, files: CheckpointFiles, name: str, timing: Timing = QUICK) -> None:
        self.lost: list[Exception] = []
        self.lease = Lease(files, Holder(name, f"host-{name}", 7), self.lost.append, timing)

    def start(self) -> Driver:
        self.lease.claim()
        self.lease.confirm()
        return self


Drive = Callable[..., Driver]


@pytest.fixture
def files(spark: SparkSession, tmp_path: Path) -> CheckpointFiles:
    return CheckpointFiles(Hadoop.of(spark), str(tmp_path))


@pytest.fixture
def driver(files: CheckpointFiles) -> Iterator[Drive]:
    made: list[Driver] = []

    def make(name: str, timing: Timing = QUICK) -> Driver:
        made.append(Driver(files, name, timing))
        return made[-1]

    yield make
    for each in made:
        each.lease._is_over.set()


def await_that(is_true: Callable[[], object]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def crash(driver: Driver) -> None:
    """Nothing renews the lease any more, and nothing removes it."""
    driver.lease._is_over.set()


def holder(folder: Path) -> object:
    return json.loads((folder / LEASE).read_text())["id"]


def test_second_driver_is_refused_while_the_first_renews_its_lease(driver: Drive) -> None:
    first = driver("a").start()
    with pytest.raises(CheckpointTakenError, match=r"another driver uses the checkpoint at .*: pid 7 on host-a"):
        driver("b").lease.claim()
    assert first.lost == []


def test_lease_is_renewed_and_removed_at_a_clean_end(driver: Drive, tmp_path: Path) -> None:
    first = driver("a").start()
    before = (tmp_path / LEASE).read_text()
    await_that(lambda: (tmp_path / LEASE).read_text() != before)
    first.lease.release()
    assert not (tmp_path / LEASE).exists()
    driver("b").start()


def test_lease_of_a_crashed_driver_is_taken_once_it_was_watched(driver: Drive, tmp_path: Path) -> None:
    crash(driver("a").start())
    began = time.monotonic()
    driver("b").start()
    assert time.monotonic() - began >= QUICK.watch
    assert holder(tmp_path) == "b"


def test_driver_of_the_same_supervisor_does_not_wait(driver: Drive) -> None:
    slow = Timing(beat=0.1, settle=60.0, expiry=70.0, watch=80.0)
    first = driver("a", slow)
    first.lease.claim()
    crash(first)
    began = time.monotonic()
    driver("a", slow).start()
    assert time.monotonic() - began < 30.0


def race(driver: Driver, barrier: threading.Barrier, outcomes: list[str]) -> None:
    """A driver that loses its lease while it waits for `confirm` ends, as one that `claim` or `confirm` refuses."""
    barrier.wait()
    try:
        driver.start()
    except CheckpointTakenError:
        outcomes.append("refused")
    else:
        outcomes.append("refused" if driver.lost else "runs")


def test_of_two_drivers_that_start_at_once_exactly_one_goes_on(files: CheckpointFiles, driver: Drive) -> None:
    for turn in range(5):
        drivers = [driver(f"a{turn}"), driver(f"b{turn}")]
        barrier = threading.Barrier(2)
        outcomes: list[str] = []

        threads = [threading.Thread(target=race, args=(each, barrier, outcomes)) for each in drivers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["refused", "runs"]
        for each in drivers:
            crash(each)
        files.remove(LEASE)


def test_driver_whose_lease_another_has_written_ends(driver: Drive, files: CheckpointFiles) -> None:
    first = driver("a").start()
    other = json.dumps({"id": "b", "host": "host-b", "pid": 9, "beat": 1})

    def is_lost_by_another() -> object:
        files.write(LEASE, other)  # again, since a renewal that was under way may have replaced it
        return first.lost

    await_that(is_lost_by_another)
    assert "pid 9 on host-b" in str(first.lost[0])
    first.lease.release()
    assert "host-b" in (files.read(LEASE) or "")


def test_driver_ends_when_its_checkpoint_is_moved_away(driver: Drive, files: CheckpointFiles) -> None:
    first = driver("a").start()
    files.remove(LEASE)
    await_that(lambda: first.lost)
    assert "was moved or deleted while it was in use" in str(first.lost[0])


def test_file_system_may_be_away_for_a_while_but_not_for_long(
    driver: Drive, files: CheckpointFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = driver("a").start()
    failures = []

    def fail(*_: object, **__: object) -> None:
        failures.append(time.monotonic())
        raise OSError("away")

    with monkeypatch.context() as away:
        away.setattr(files, "write", fail)
        await_that(lambda: len(failures) > 2)
    beats = first.lease._beats
    await_that(lambda: first.lease._beats > beats + 2)
    assert first.lost == []
    monkeypatch.setattr(files, "write", fail)
    began = time.monotonic()
    await_that(lambda: first.lost)
    assert isinstance(first.lost[0], LeaseExpiredError)
    assert time.monotonic() - began < QUICK.watch
