"""How the auditor accounts for batches: which ones it reads again, and what the ledger and the log then hold."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from conftest import lines_of, offset_log
from pyspark.sql import SparkSession

from cpu_anomaly.accounting.audit import Audit, Findings, Inspector
from cpu_anomaly.accounting.auditor import MAX_AUDITS_PER_READ, MAX_BATCHES_BEHIND, Auditor
from cpu_anomaly.accounting.checkpoint import Checkpoint
from cpu_anomaly.accounting.late import Late
from cpu_anomaly.accounting.ledger import Ledger
from cpu_anomaly.accounting.progress import Batch
from cpu_anomaly.event_log import EventLog


class FakeInspector:
    """Stands in for a read of Kafka: each batch has 10 used lines, unless `outcomes` says otherwise."""

    def __init__(self) -> None:
        self.reads: list[list[int]] = []
        self.outcomes: Mapping[int, Mapping[str, int]] = {}
        self.meanwhile: Callable[[], None] = lambda: None

    def inspect(self, audits: Sequence[Audit]) -> Findings:
        self.reads.append([audit.batch for audit in audits])
        self.meanwhile()
        counts = {audit.batch: self.outcomes.get(audit.batch, {"used": 10}) for audit in audits}
        outcomes = {(batch, outcome): n for batch, by_outcome in counts.items() for outcome, n in by_outcome.items()}
        late = {batch: [Late("a", n, 0, 1000)] for (batch, outcome), n in outcomes.items() if outcome == "late"}
        return Findings(outcomes, late)


class Case:
    """An auditor over a checkpoint in which Spark has planned and committed batches."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self._folder = folder
        self._out = io.StringIO()
        self.inspector = FakeInspector()
        self.checkpoint = Checkpoint.of(spark, str(folder))
        inspector = cast(Inspector, self.inspector)
        self.auditor = Auditor(spark, self.checkpoint, inspector, None, EventLog(self._out))

    def commit(self, *batches: int) -> None:
        """Each reads 10 records of the one partition."""
        (self._folder / "commits").mkdir(exist_ok=True)
        for batch in batches:
            (self._folder / "offsets" / str(batch)).write_text(offset_log({"in": {"0": 3 + 10 * (batch + 1)}}))
            (self._folder / "commits" / str(batch)).touch()

    def report(self, *batches: Batch) -> None:
        for batch in batches:
            self.auditor.submit(batch)
        self.auditor.start()
        self.auditor.finish()

    def log(self) -> list[str]:
        """Without the times of the lines and of the audits."""
        lines = lines_of(self._out)
        return [line.rpartition(" duration_ms=")[0] if line.startswith("audited") else line for line in lines]


def batch(number: int, *, left_out: bool = False) -> Batch:
    return Batch(number, lines=10, left_out=left_out, windows={}, summary={"input_rows": 10})


@pytest.fixture
def case(spark: SparkSession, checkpoint_folder: Path) -> Case:
    return Case(spark, checkpoint_folder)


def test_batches_that_left_nothing_out_are_accounted_for_without_a_read(case: Case) -> None:
    case.report(batch(0), batch(1))
    assert case.inspector.reads == []
    assert Ledger.load(case.checkpoint) == case.auditor.ledger == Ledger(1, read=20)
    assert case.log() == [
        "progress batch=0 input_rows=10 read=20 dead_lettered=0 late=0",
        "progress batch=1 input_rows=10 read=20 dead_lettered=0 late=0",
    ]


def test_end_of_the_newest_batch_is_told_once_the_ledger_has_it(case: Case) -> None:
    told: list[tuple[Mapping[str, int], int]] = []
    case.auditor.on_accounted = lambda end: told.append((end, Ledger.load(case.checkpoint).batch))
    case.commit(0, 1)
    case.report(replace(batch(0, left_out=True), end={"0": 13}), replace(batch(1), end={"0": 23}))
    assert told == [({"0": 23}, 1)]


def test_only_batches_that_left_something_out_are_read_again(case: Case) -> None:
    case.commit(0, 1, 2)
    case.inspector.outcomes = {1: {"used": 4, "late": 3, "empty": 1, "bad_cpu": 2}}
    case.report(batch(0), batch(1, left_out=True), batch(2))
    assert case.inspector.reads == [[1]]
    late = (Late("a", 3, 0, 1000),)
    assert case.auditor.ledger == Ledger(2, read=30, dead_lettered=3, late=3, late_series=late)
    described = (
        "late_first=1970-01-01T00:00:00.000Z late_last=1970-01-01T00:00:01.000Z "
        'late_series="[[\\"a\\", 3]]" late_other=0'
    )
    assert case.log() == [
        "dead_letters batch=1 count=3 reasons=bad_cpu:2,empty:1",
        f"late batch=1 samples=3 {described}",
        "audited first_batch=1 last_batch=1 rows=10",
        *(f"progress batch={n} input_rows=10 read=30 dead_lettered=3 late=3 {described}" for n in range(3)),
    ]


def test_batches_are_sealed_when_they_are_committed_also_during_an_audit(case: Case) -> None:
    seals: list[list[str]] = []

    def see_seals() -> None:
        ledger = Ledger.load(case.checkpoint)
        assert ledger.batch == -1
        seals.append(list(ledger.seals))

    def commit_another() -> None:
        see_seals()
        case.commit(1)
        case.auditor.submit(batch(1))
        see_seals()

    case.commit(0)
    case.inspector.meanwhile = commit_another
    case.report(batch(0, left_out=True))
    assert seals == [["offsets/0", "commits/0"], ["offsets/0", "commits/0", "offsets/1", "commits/1"]]


def test_ledger_has_the_seals_of_its_batch_and_the_one_before(case: Case) -> None:
    case.commit(0, 1, 2)
    case.report(batch(0), batch(1), batch(2))
    assert list(Ledger.load(case.checkpoint).seals) == ["offsets/1", "commits/1", "offsets/2", "commits/2"]


def test_batch_that_cannot_be_sealed_makes_the_auditor_fail(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_name: str, _text: str) -> None:
        raise RuntimeError("no space left")

    def commit_another() -> None:
        monkeypatch.setattr(case.checkpoint, "write", fail)
        case.auditor.submit(batch(1))
        assert case.auditor.has_failed()

    case.commit(0, 1)
    case.inspector.meanwhile = commit_another
    with pytest.raises(RuntimeError, match="no space left"):
        case.report(batch(0, left_out=True))


def test_batch_whose_report_is_missing_is_read_again(case: Case) -> None:
    case.commit(0, 1, 2)
    case.report(batch(0), batch(2))
    assert case.inspector.reads == [[1]]
    assert case.auditor.ledger == Ledger(2, read=30)


def test_recovery_reads_all_that_was_committed_since_in_reads_of_bounded_size(case: Case) -> None:
    last = MAX_AUDITS_PER_READ + 1
    case.commit(*range(last + 1))
    case.auditor.recover()
    assert [len(read) for read in case.inspector.reads] == [MAX_AUDITS_PER_READ, 2]
    assert Ledger.load(case.checkpoint) == Ledger(last, read=10 * (last + 1))
    assert case.log()[-1] == f"not_logged first_batch=0 last_batch={last}"


@pytest.mark.parametrize("last_is_audited", [True, False])
def test_ledger_can_go_back_by_the_last_batch(case: Case, last_is_audited: bool) -> None:
    case.commit(0, 1, 2)
    case.inspector.outcomes = {1: {"used": 4, "late": 3, "empty": 3}}
    case.report(batch(1, left_out=True), batch(2, left_out=last_is_audited))
    ledger = Ledger.load(case.checkpoint)
    late = (Late("a", 3, 0, 1000),)
    assert ledger == Ledger(2, 30, 3, 3, late_series=late)
    assert ledger.before == Ledger(1, 20, 3, 3, late_series=late)


def test_recovery_with_nothing_new_reads_nothing(case: Case) -> None:
    case.commit(0)
    Ledger(0, read=10).save(case.checkpoint)
    case.auditor.ledger = Ledger.load(case.checkpoint)
    case.auditor.recover()
    assert case.inspector.reads == []
    assert case.log() == []


def test_failure_of_the_auditor_is_raised_by_the_main_thread(case: Case) -> None:
    with pytest.raises(Exception, match="the offset log no longer has batch 0"):
        case.report(batch(0, left_out=True))
    assert case.auditor.has_failed()
    assert Ledger.load(case.checkpoint) == Ledger()


def test_topics_are_remembered_with_the_totals(case: Case) -> None:
    case.report(batch(0))
    case.auditor.remember_topics({"in": "x"})
    assert Ledger.load(case.checkpoint) == Ledger(0, read=10, topic_ids={"in": "x"})


def test_auditor_is_behind_beyond_its_limit(case: Case) -> None:
    for number in range(MAX_BATCHES_BEHIND):
        case.auditor.submit(batch(number))
    assert not case.auditor.is_behind()
    case.auditor.submit(batch(MAX_BATCHES_BEHIND))
    assert case.auditor.is_behind()
