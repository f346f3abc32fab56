"""What becomes of a checkpoint with a damaged file, before the query starts."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from conftest import offset_log
from damage import DAMAGES, damage
from pyspark.sql import SparkSession

from cpu_anomaly.accounting.checkpoint import Checkpoint, DamagedCheckpointError
from cpu_anomaly.accounting.late import Late
from cpu_anomaly.accounting.ledger import LEDGER, Ledger
from cpu_anomaly.accounting.soundness import make_sound
from cpu_anomaly.event_log import EventLog

WAYS_OUT = "; restore the checkpoint from a backup, or start a new one with `submit --new-checkpoint`"


def ledger_after(batch: int) -> Ledger:
    """Of batches with 10 lines each, one of them late."""
    late = (Late("", batch + 1, 0, 0),)
    return Ledger(batch, 10 * (batch + 1), 0, batch + 1, {"in": "x"}, late)


class Case:
    """A checkpoint of which batches 0 to 3 are committed and accounted for, with 10 lines each."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self.plans_ahead = True
        self.folder = folder
        self.checkpoint = Checkpoint(spark, str(folder))
        (folder / "commits").mkdir()
        (folder / "metadata").write_text('{"id":"1532e1e5-a206-4ac1-afff-82a41f1a911d"}')
        ledger = Ledger(topic_ids={"in": "x"})
        for batch in range(4):
            self.plan(batch)
            (folder / "commits" / str(batch)).write_text(f'v1\n{{"nextBatchWatermarkMs":{5000 + batch}}}')
            ledger = ledger.after(batch, read=10, late=[Late("", 1, 0, 0)])
        ledger.save(self.checkpoint)

    def plan(self, batch: int) -> None:
        (self.folder / "offsets" / str(batch)).write_text(offset_log({"in": {"0": 13 + 10 * batch}}))

    def damage(self, name: str, how: str = "missing") -> None:
        damage(self.folder / name, how)

    def mended(self) -> list[str]:
        """Makes the checkpoint sound; the files that were mended, with what was done."""
        out = io.StringIO()
        make_sound(self.checkpoint, EventLog(out), plans_ahead=self.plans_ahead)
        return [line.split(" file=", 1)[1].split(" reason=")[0] for line in out.getvalue().splitlines()]

    def problem(self) -> str:
        """What `make_sound` says of the file that it refuses, without the folder and the ways out."""
        with pytest.raises(DamagedCheckpointError) as raised:
            make_sound(self.checkpoint, EventLog(io.StringIO()), plans_ahead=self.plans_ahead)
        message = str(raised.value)
        assert message.startswith(f"the checkpoint is damaged: {self.folder}/")
        assert message.endswith(WAYS_OUT)
        return message.removeprefix(f"the checkpoint is damaged: {self.folder}/").removesuffix(WAYS_OUT)

    def next_and_ledger(self) -> tuple[int, Ledger]:
        return self.checkpoint.next_batch(plans_ahead=self.plans_ahead), Ledger.load(self.checkpoint)


@pytest.fixture
def case(spark: SparkSession, checkpoint_folder: Path) -> Case:
    return Case(spark, checkpoint_folder)


BACK = 'cpu-anomaly-ledger.json action="set back to batch 2"'
AGAIN = 'action="removed, Spark runs the batch again"'


def test_sound_checkpoint_is_left_as_it_is(case: Case) -> None:
    before = {path: path.read_bytes() for path in case.folder.rglob("*") if path.is_file()}
    assert case.mended() == []
    assert {path: path.read_bytes() for path in case.folder.rglob("*") if path.is_file()} == before
    assert case.next_and_ledger() == (4, ledger_after(3))


def test_folder_without_a_batch_is_sound(spark: SparkSession, tmp_path: Path) -> None:
    make_sound(Checkpoint(spark, str(tmp_path)), EventLog(io.StringIO()), plans_ahead=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("how", DAMAGES)
def test_batch_whose_commit_is_damaged_is_run_and_accounted_for_again(case: Case, how: str) -> None:
    case.damage("commits/3", how)
    assert case.mended() == ([BACK] if how == "missing" else [f"commits/3 {AGAIN}", BACK])
    assert case.next_and_ledger() == (3, ledger_after(2))
    assert case.mended() == []


@pytest.mark.parametrize("how", [how for how in DAMAGES if how != "flipped"])
def test_plan_of_a_batch_that_was_not_committed_is_made_again(case: Case, how: str) -> None:
    case.plan(4)
    case.damage("offsets/4", how)
    assert case.mended() == ([] if how == "missing" else [f"offsets/4 {AGAIN}"])
    assert case.next_and_ledger() == (4, ledger_after(3))


def test_newest_plan_and_newest_commit_may_both_be_damaged(case: Case) -> None:
    case.plan(4)
    case.damage("offsets/4", "empty")
    case.damage("commits/3", "empty")
    assert case.mended() == [f"offsets/4 {AGAIN}", f"commits/3 {AGAIN}", BACK]
    assert case.next_and_ledger() == (3, ledger_after(2))


@pytest.mark.parametrize("how", DAMAGES)
def test_identity_of_the_query_is_written_again(case: Case, how: str) -> None:
    case.damage("metadata", how)
    assert case.mended() == ['metadata action="written with a new id"']
    assert list(json.loads((case.folder / "metadata").read_text())) == ["id"]


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("name", ["offsets/3", "offsets/2", LEDGER])
def test_file_that_nothing_can_replace_is_refused_by_name(case: Case, name: str, how: str) -> None:
    if (name, how) == ("offsets/2", "flipped"):
        pytest.skip("what is older than the last batch has no seal, and only the last batch is continued from")
    case.damage(name, how)
    problem = case.problem()
    assert problem.startswith(f"{name} ")
    if how in ("empty", "zeros", "missing"):
        assert problem == f"{name} is {'missing' if how == 'missing' else 'empty'}"


def test_start_of_batch_0_is_needed_only_until_it_is_accounted_for(case: Case) -> None:
    case.damage("sources/0/0")
    assert case.mended() == []
    Ledger().save(case.checkpoint)
    assert case.problem() == "sources/0/0 is missing, which says where batch 0 started"


def test_ledger_that_is_too_far_ahead_is_refused(case: Case) -> None:
    for name in ("offsets/3", "offsets/2", "commits/3", "commits/2"):
        case.damage(name)
    assert case.problem() == f"{LEDGER} accounts for batch 3, but the logs of Spark continue with batch 2"


@pytest.mark.parametrize("plans_ahead", [True, False])
def test_last_commit_may_be_lost_in_both_modes(case: Case, plans_ahead: bool) -> None:
    case.plans_ahead = plans_ahead
    case.damage("commits/3")
    assert case.mended() == [BACK]
    assert case.next_and_ledger() == (3, ledger_after(2))


def test_spark_forgets_plans_without_a_commit_in_real_time_mode(case: Case) -> None:
    case.plans_ahead = False
    for name in ("commits/3", "commits/2"):
        case.damage(name)
    assert case.problem() == f"{LEDGER} accounts for batch 3, but the logs of Spark continue with batch 2"


def test_ledger_of_an_earlier_version_is_accepted(case: Case) -> None:
    (case.folder / LEDGER).write_text('{"batch": 3, "read": 40, "dead_lettered": 0, "late": 4, "topic_ids": {}}')
    assert case.mended() == []
    assert case.next_and_ledger() == (4, Ledger(3, 40, 0, 4))
