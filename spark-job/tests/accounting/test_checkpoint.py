"""What is read from Spark's checkpoint."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import offset_log
from damage import RefusedError
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from cpu_anomaly.accounting.checkpoint import Checkpoint
from cpu_anomaly.accounting.files import CheckpointError, DamagedCheckpointError, UnusableCheckpointError
from cpu_anomaly.accounting.plan import BatchPlan


def test_plan_of_a_batch_is_read_from_its_offset_log() -> None:
    assert BatchPlan.from_log(offset_log({"in": {"0": 10}})) == BatchPlan(7000, 5000, {"in": {"0": 10}}, {})


@pytest.mark.parametrize("text", ["v2\n{}\n{}", offset_log({}) + "\n{}"])
def test_offset_log_of_another_kind_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected version 'v1' and 1 source"):
        BatchPlan.from_log(text)


def test_plan_that_spark_has_removed_is_an_error(spark: SparkSession, checkpoint_folder: Path) -> None:
    with pytest.raises(CheckpointError, match="the offset log no longer has batch 9"):
        Checkpoint.of(spark, str(checkpoint_folder)).plan(9)


def test_last_commit_is_the_highest_number(spark: SparkSession, checkpoint_folder: Path) -> None:
    checkpoint = Checkpoint.of(spark, str(checkpoint_folder))
    assert checkpoint.last_commit() == -1
    (checkpoint_folder / "commits").mkdir()
    for name in ("9", "10", ".10.crc", "11.tmp"):
        (checkpoint_folder / "commits" / name).touch()
    assert checkpoint.last_commit() == 10


def test_next_batch_starts_where_the_last_commit_ended(spark: SparkSession, checkpoint_folder: Path) -> None:
    checkpoint = Checkpoint.of(spark, str(checkpoint_folder))
    assert checkpoint.position() == {"in": {"0": 3}}
    (checkpoint_folder / "commits").mkdir()
    for batch, end in enumerate([10, 20]):
        (checkpoint_folder / "offsets" / str(batch)).write_text(offset_log({"in": {"0": end}}))
    assert checkpoint.position() == {"in": {"0": 3}}
    (checkpoint_folder / "commits" / "0").touch()
    assert checkpoint.position() == {"in": {"0": 10}}


def test_checkpoint_without_a_planned_batch_has_no_position(spark: SparkSession, tmp_path: Path) -> None:
    assert Checkpoint.of(spark, str(tmp_path)).position() == {}


def test_missing_file_is_not_an_error_but_a_missing_start_is(spark: SparkSession, tmp_path: Path) -> None:
    checkpoint = Checkpoint.of(spark, str(tmp_path))
    assert checkpoint.parse("no-such-file", str) is None
    with pytest.raises(CheckpointError, match="where batch 0 started"):
        checkpoint.first_offsets()


def test_directory_in_the_place_of_a_file_is_named(spark: SparkSession, tmp_path: Path) -> None:
    checkpoint = Checkpoint.of(spark, str(tmp_path))
    (tmp_path / "metadata" / "inner").mkdir(parents=True)
    actions: dict[str, Callable[[], object]] = {
        "read": lambda: checkpoint.parse("metadata", str),
        "written": lambda: checkpoint.write("metadata", "{}"),
        "removed": lambda: checkpoint.remove("metadata"),
    }
    for what, action in actions.items():
        with pytest.raises(
            UnusableCheckpointError, match=rf"/metadata cannot be {what}: it is a directory; mend that, "
        ):
            action()


def test_file_in_the_place_of_a_folder_is_damage(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "commits").touch()
    with pytest.raises(DamagedCheckpointError, match="/commits is not a folder; restore"):
        Checkpoint.of(spark, str(tmp_path)).last_commit()


def test_file_that_stays_although_it_was_removed_is_an_error(spark: SparkSession, tmp_path: Path) -> None:
    checkpoint = Checkpoint.of(spark, str(tmp_path))
    checkpoint._files = SimpleNamespace(delete=lambda *_: False, exists=lambda _: True)
    with pytest.raises(UnusableCheckpointError, match="/commits/4 cannot be removed: its folder cannot be written"):
        checkpoint.remove("commits/4")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("java.io.FileNotFoundException: /c/metadata (Permission denied)", "permission denied"),
        ("java.nio.file.AccessDeniedException: /c/metadata: Permission denied", "permission denied"),
        ("java.io.FileNotFoundException: /c/.metadata.tmp (Read-only file system)", "the file system is read-only"),
        ("java.io.IOException: Input/output error", "input/output error"),
    ],
)
def test_what_the_system_refuses_is_named(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, reason: str
) -> None:
    checkpoint = Checkpoint.of(spark, str(tmp_path))
    (tmp_path / "metadata").touch()
    monkeypatch.setattr(checkpoint, "open", lambda _: fail(said))
    with pytest.raises(UnusableCheckpointError, match=rf"/metadata cannot be read: {reason}; mend that, restore"):
        checkpoint.parse("metadata", str)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EMFILE])
def test_what_may_pass_is_no_refusal(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match=os.strerror(number)):
        Checkpoint.of(spark, str(tmp_path)).write("metadata", "{}")


def test_file_is_never_missing_while_it_is_replaced(spark: SparkSession, tmp_path: Path) -> None:
    checkpoint, file = Checkpoint.of(spark, str(tmp_path)), tmp_path / "ledger.json"
    checkpoint.write(file.name, "{}")
    is_over, gaps = threading.Event(), []

    def watch() -> None:
        while not is_over.is_set():
            if not file.exists():
                gaps.append(file)

    watcher = threading.Thread(target=watch)
    watcher.start()
    for _ in range(50):
        checkpoint.write(file.name, "{}")
    is_over.set()
    watcher.join()
    assert gaps == []


def test_file_is_read_although_hadoop_wrote_a_checksum_of_the_old_one(spark: SparkSession, tmp_path: Path) -> None:
    checkpoint = Checkpoint.of(spark, str(tmp_path))
    stream = checkpoint._files.create(checkpoint._path("ledger.json"), True)
    stream.write(b"an older text")
    stream.close()
    checkpoint.write("ledger.json", "{}")
    assert checkpoint.parse("ledger.json", str) == "{}"
    assert [each.name for each in tmp_path.iterdir()] == ["ledger.json"]


def fail(said: str) -> None:
    raise RefusedError(said)


def test_file_that_is_replaced_while_it_is_read_is_read_again(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = Checkpoint.of(spark, str(tmp_path))
    checkpoint.write("ledger.json", "new")
    opened = []

    def open_late(name: str) -> object:
        opened.append(name)
        return checkpoint._files.open(checkpoint._path(name if len(opened) > 2 else "gone"))

    monkeypatch.setattr(checkpoint, "open", open_late)
    assert checkpoint.read("ledger.json") == "new"
    assert len(opened) == 3


def test_file_that_never_can_be_read_is_an_error(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = Checkpoint.of(spark, str(tmp_path))
    checkpoint.write("ledger.json", "new")
    monkeypatch.setattr(checkpoint, "open", lambda _: checkpoint._files.open(checkpoint._path("gone")))
    with pytest.raises(Py4JJavaError, match="FileNotFoundException"):
        checkpoint.read("ledger.json")
