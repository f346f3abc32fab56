"""What the accounting reads from Spark's checkpoint, and what it writes there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from cpu_anomaly.accounting.audit import plan_audit
from cpu_anomaly.accounting.checkpoint import BatchPlan, Checkpoint, CheckpointError, Ledger
from cpu_anomaly.accounting.progress import describe_offsets, offsets_between

METADATA = '{"batchWatermarkMs":5000,"batchTimestampMs":7000,"conf":{}}'


def offset_log(end: dict[str, dict[str, int]], metadata: str = METADATA) -> str:
    return f"v1\n{metadata}\n{json.dumps(end)}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "offsets").mkdir()
    (tmp_path / "sources" / "0").mkdir(parents=True)
    (tmp_path / "sources" / "0" / "0").write_bytes(b'\x00v1\n{"in":{"0":3}}')
    return tmp_path


def test_plan_of_a_batch_is_read_from_its_offset_log() -> None:
    assert BatchPlan.from_log(offset_log({"in": {"0": 10}})) == BatchPlan(7000, 5000, {"in": {"0": 10}})


@pytest.mark.parametrize("text", ["v2\n{}\n{}", f"v1\n{METADATA}\n{{}}\n{{}}"])
def test_offset_log_of_another_kind_is_refused(text: str) -> None:
    with pytest.raises(CheckpointError):
        BatchPlan.from_log(text)


@pytest.mark.parametrize(
    ("start", "end", "records"),
    [
        (None, None, 0),
        (None, {"in": {"0": 4}}, 4),
        ({"in": {"0": 4}}, {"in": {"0": 10, "1": 2}}, 8),
        ({"in": {"0": 4}}, {"in": {"0": 3}}, 0),
    ],
)
def test_records_between_two_positions(
    start: dict[str, dict[str, int]] | None, end: dict[str, dict[str, int]] | None, records: int
) -> None:
    assert offsets_between(start, end) == records


def test_offsets_are_described_in_the_order_of_partitions() -> None:
    assert describe_offsets({"in": {"10": 1, "2": 5}}) == "2:5,10:1"


def test_first_batch_is_audited_from_where_the_source_began(spark: SparkSession, folder: Path) -> None:
    (folder / "offsets" / "0").write_text(offset_log({"in": {"0": 10}}))
    audit = plan_audit(Checkpoint(spark, str(folder)), 0)
    assert (audit.start, audit.end, audit.now_ms, audit.late_watermark_ms) == (
        {"in": {"0": 3}},
        {"in": {"0": 10}},
        7000,
        0,
    )


def test_later_batch_is_audited_with_the_watermark_of_the_one_before(spark: SparkSession, folder: Path) -> None:
    (folder / "offsets" / "4").write_text(offset_log({"in": {"0": 10}}))
    (folder / "offsets" / "5").write_text(offset_log({"in": {"0": 20}}, METADATA.replace("5000", "6000")))
    audit = plan_audit(Checkpoint(spark, str(folder)), 5)
    assert (audit.start, audit.late_watermark_ms) == ({"in": {"0": 10}}, 5000)


def test_plan_that_spark_has_removed_is_an_error_in_words(spark: SparkSession, folder: Path) -> None:
    with pytest.raises(CheckpointError, match="the offset log no longer has batch 9"):
        Checkpoint(spark, str(folder)).plan(9)


def test_last_commit_is_the_highest_number(spark: SparkSession, folder: Path) -> None:
    checkpoint = Checkpoint(spark, str(folder))
    assert checkpoint.last_commit() == -1
    (folder / "commits").mkdir()
    for name in ("9", "10", ".10.crc", "11.tmp"):
        (folder / "commits" / name).touch()
    assert checkpoint.last_commit() == 10


def test_ledger_is_read_back_as_it_was_written_again_and_again(spark: SparkSession, folder: Path) -> None:
    checkpoint = Checkpoint(spark, str(folder))
    assert Ledger.load(checkpoint) == Ledger()
    for batch in range(3):
        ledger = Ledger(batch, 10, 2, 1, {"in": "x-ü"})
        ledger.save(checkpoint)
        assert Ledger.load(checkpoint) == ledger


def test_ledger_survives_a_checksum_that_a_crash_left(spark: SparkSession, folder: Path) -> None:
    checkpoint = Checkpoint(spark, str(folder))
    Ledger(1).save(checkpoint)
    (folder / ".cpu-anomaly-ledger.json.tmp").write_text("half of")
    (folder / "..cpu-anomaly-ledger.json.tmp.crc").write_bytes(b"crc\x00wrong")
    Ledger(2).save(checkpoint)
    assert Ledger.load(checkpoint) == Ledger(2)
