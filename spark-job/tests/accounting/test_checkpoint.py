"""What is read from Spark's checkpoint."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import offset_log
from pyspark.sql import SparkSession

from cpu_anomaly.accounting.checkpoint import BatchPlan, Checkpoint, CheckpointError


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


def test_missing_file_is_not_an_error_but_a_missing_start_is(spark: SparkSession, tmp_path: Path) -> None:
    checkpoint = Checkpoint(spark, str(tmp_path))
    assert checkpoint.parse("no-such-file", str) is None
    with pytest.raises(CheckpointError, match="where batch 0 started"):
        checkpoint.first_offsets()
