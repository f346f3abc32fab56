"""The totals of the accounting, and how they are kept."""

from __future__ import annotations

from pathlib import Path

from pyspark.sql import SparkSession

from cpu_anomaly.accounting.checkpoint import Checkpoint
from cpu_anomaly.accounting.late import Late
from cpu_anomaly.accounting.ledger import LEDGER, Ledger


def test_ledger_is_read_back_as_written_each_time(spark: SparkSession, checkpoint_folder: Path) -> None:
    checkpoint = Checkpoint.of(spark, str(checkpoint_folder))
    assert Ledger.load(checkpoint) == Ledger()
    for batch in range(3):
        late = (Late("web 1", 1, 5, 5), Late(None, 2, 3, 4))
        ledger = Ledger(batch, 10, 2, 1, {"in": "x-ü"}, late)
        ledger.save(checkpoint)
        assert Ledger.load(checkpoint) == ledger


def test_ledger_survives_a_checksum_left_by_a_crash(spark: SparkSession, checkpoint_folder: Path) -> None:
    checkpoint = Checkpoint.of(spark, str(checkpoint_folder))
    Ledger(1).save(checkpoint)
    (checkpoint_folder / ".cpu-anomaly-ledger.json.tmp").write_text("half of")
    (checkpoint_folder / "..cpu-anomaly-ledger.json.tmp.crc").write_bytes(b"crc\x00wrong")
    Ledger(2).save(checkpoint)
    assert Ledger.load(checkpoint) == Ledger(2)


def test_ledger_without_series_is_still_read(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / LEDGER).write_text('{"batch": 1, "read": 10, "dead_lettered": 0, "late": 4, "topic_ids": {}}')
    assert Ledger.load(Checkpoint.of(spark, str(tmp_path))) == Ledger(1, 10, 0, 4)


def test_ledger_adds_up_over_batches() -> None:
    first = Ledger(topic_ids={"in": "x"}).after(
        0, read=10, dead_lettered=3, late=[Late("a", 3, 5, 9), Late("b", 1, 7, 7)]
    )
    ledger = first.after(2, read=7).after(3, read=5, dead_lettered=2, late=[Late("b", 1, 8, 8)])
    assert ledger == Ledger(3, 22, 5, 5, {"in": "x"}, (Late("a", 3, 5, 9), Late("b", 2, 7, 8)))
    assert ledger.totals() == {"read": 22, "dead_lettered": 5, "late": 5}
