"""Setting a checkpoint aside, in one step and, as on S3, in many."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from cpu_anomaly.accounting.aside import MOVE, UnfinishedMoveError, require_whole, set_aside
from cpu_anomaly.accounting.files import CheckpointFiles, Hadoop

NAMES = ("commits/0", "commits/1", "metadata", "state/0/0/1.delta")


class OnS3(CheckpointFiles):
    """A local folder that is moved as an S3 checkpoint is."""

    scheme = "s3a"


def fill(folder: Path, *names: str) -> Path:
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    return folder


def files_in(folder: Path) -> list[str]:
    return sorted(
        str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file() and not file.name.startswith(".")
    )


def interrupt(old: Path, new: Path) -> None:
    for folder in (old, new):
        (folder / MOVE).write_text(json.dumps({"from": str(old), "to": str(new)}))


@pytest.mark.parametrize("kind", [CheckpointFiles, OnS3])
def test_checkpoint_gets_another_name_with_all_its_files(
    spark: SparkSession, tmp_path: Path, kind: type[CheckpointFiles]
) -> None:
    old, new = fill(tmp_path / "cp", *NAMES), tmp_path / "cp-1"
    hadoop = Hadoop.of(spark)
    assert set_aside(kind(hadoop, str(old)), kind(hadoop, str(new))) == str(new)
    assert files_in(new) == sorted(NAMES)
    assert files_in(old) == []
    require_whole(kind(hadoop, str(new)))


def test_interrupted_move_leaves_nothing_that_passes_as_a_checkpoint(spark: SparkSession, tmp_path: Path) -> None:
    hadoop = Hadoop.of(spark)
    old, new = fill(tmp_path / "cp", *NAMES[1:]), fill(tmp_path / "cp-1", *NAMES[:2])
    interrupt(old, new)
    for folder in (old, new):
        with pytest.raises(UnfinishedMoveError, match=r"is not whole: it was being moved from .*cp to .*cp-1"):
            require_whole(OnS3(hadoop, str(folder)))


def test_next_attempt_moves_the_rest_to_the_same_place(spark: SparkSession, tmp_path: Path) -> None:
    hadoop = Hadoop.of(spark)
    old, new = fill(tmp_path / "cp", *NAMES[1:]), fill(tmp_path / "cp-1", *NAMES[:2])
    interrupt(old, new)
    assert set_aside(OnS3(hadoop, str(old)), OnS3(hadoop, str(tmp_path / "cp-2"))) == str(new)
    assert (files_in(old), files_in(new)) == ([], sorted(NAMES))
