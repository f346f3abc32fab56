"""What the accounting reads from Spark's checkpoint, and what it writes there."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import offset_log
from pyspark.sql import SparkSession

from cpu_anomaly.accounting.checkpoint import LEDGER, BatchPlan, Checkpoint, CheckpointError, Ledger
from cpu_anomaly.accounting.late import Late


def test_plan_of_a_batch_is_read_from_its_offset_log() -> None:
    assert BatchPlan.from_log(offset_log({"in": {"0": 10}})) == BatchPlan(7000, 5000, {"in": {"0": 10}})


@pytest.mark.parametrize("text", ["v2\n{}\n{}", offset_log({}) + "\n{}"])
def test_offset_log_of_another_kind_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected version 'v1' and 1 source"):
        BatchPlan.from_log(text)


def test_plan_that_spark_has_removed_is_an_error(spark: SparkSession, checkpoint_folder: Path) -> None:
    with pytest.raises(CheckpointError, match="the offset log no longer has batch 9"):
        Checkpoint(spark, str(checkpoint_folder)).plan(9)


def test_last_commit_is_the_highest_number(spark: SparkSession, checkpoint_folder: Path) -> None:
    checkpoint = Checkpoint(spark, str(checkpoint_folder))
    assert checkpoint.last_commit() == -1
    (checkpoint_folder / "commits").mkdir()
    for name in ("9", "10", ".10.crc", "11.tmp"):
        (checkpoint_folder / "commits" / name).touch()
    assert checkpoint.last_commit() == 10


def test_next_batch_starts_where_the_last_commit_ended(spark: SparkSession, checkpoint_folder: Path) -> None:
    checkpoint = Checkpoint(spark, str(checkpoint_folder))
    assert checkpoint.position() == {"in": {"0": 3}}
    (checkpoint_folder / "commits").mkdir()
    for batch, end in enumerate([10, 20]):
        (checkpoint_folder / "offsets" / str(batch)).write_text(offset_log({"in": {"0": end}}))
    assert checkpoint.position() == {"in": {"0": 3}}
    (checkpoint_folder / "commits" / "0").touch()
    assert checkpoint.position() == {"in": {"0": 10}}


def test_checkpoint_without_a_planned_batch_has_no_position(spark: SparkSession, tmp_path: Path) -> None:
    assert Checkpoint(spark, str(tmp_path)).position() == {}


def test_ledger_is_read_back_as_written_each_time(spark: SparkSession, checkpoint_folder: Path) -> None:
    checkpoint = Checkpoint(spark, str(checkpoint_folder))
    assert Ledger.load(checkpoint) == Ledger()
    for batch in range(3):
        late = (Late("web 1", 1, 5, 5), Late(None, 2, 3, 4))
        ledger = Ledger(batch, 10, 2, 1, {"in": "x-ü"}, late)
        ledger.save(checkpoint)
        assert Ledger.load(checkpoint) == ledger


def test_ledger_survives_a_checksum_left_by_a_crash(spark: SparkSession, checkpoint_folder: Path) -> None:
    checkpoint = Checkpoint(spark, str(checkpoint_folder))
    Ledger(1).save(checkpoint)
    (checkpoint_folder / ".cpu-anomaly-ledger.json.tmp").write_text("half of")
    (checkpoint_folder / "..cpu-anomaly-ledger.json.tmp.crc").write_bytes(b"crc\x00wrong")
    Ledger(2).save(checkpoint)
    assert Ledger.load(checkpoint) == Ledger(2)


def test_missing_file_is_not_an_error_but_a_missing_start_is(spark: SparkSession, tmp_path: Path) -> None:
    checkpoint = Checkpoint(spark, str(tmp_path))
    assert checkpoint.parse("no-such-file", str) is None
    with pytest.raises(CheckpointError, match="where batch 0 started"):
        checkpoint.first_offsets()


def test_ledger_without_series_is_still_read(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / LEDGER).write_text('{"batch": 1, "read": 10, "dead_lettered": 0, "late": 4, "topic_ids": {}}')
    assert Ledger.load(Checkpoint(spark, str(tmp_path))) == Ledger(1, 10, 0, 4)


def test_ledger_adds_up_over_batches() -> None:
    first = Ledger(topic_ids={"in": "x"}).after(
        0, read=10, dead_lettered=3, late=[Late("a", 3, 5, 9), Late("b", 1, 7, 7)]
    )
    ledger = first.after(2, read=7).after(3, read=5, dead_lettered=2, late=[Late("b", 1, 8, 8)])
    assert ledger == Ledger(3, 22, 5, 5, {"in": "x"}, (Late("a", 3, 5, 9), Late("b", 2, 7, 8)))
    assert ledger.totals() == {"read": 22, "dead_lettered": 5, "late": 5}
