"""Damaged state: what Spark makes of it when it loads it, and which file the failure names."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from conftest import SettingsOf
from damage import CHANGES, DAMAGES, RefusedError, damage
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from cpu_anomaly.accounting.checkpoint import Checkpoint
from cpu_anomaly.accounting.files import DamagedCheckpointError
from cpu_anomaly.failures import Failure, diagnose
from cpu_anomaly.modes import mode_of
from cpu_anomaly.query import classified_windows
from cpu_anomaly.state import find_damaged_state, find_unreadable, load_state

T0 = 1_700_000_000_000
BATCHES = 3
PREFIX = "spark.sql.streaming.stateStore."
PROVIDER = "org.apache.spark.sql.execution.streaming.state"
# As `submit` configures them, and as Spark does in real-time mode. The archive is the form of RocksDB's snapshots.
STORES = {
    "memory": {"providerClass": f"{PROVIDER}.HDFSBackedStateStoreProvider"},
    "rocksdb": {"providerClass": f"{PROVIDER}.RocksDBStateStoreProvider"},
    "real-time": {"providerClass": f"{PROVIDER}.RocksDBStateStoreProvider", "checkpointFormatVersion": "2"},
    "archive": {
        "providerClass": f"{PROVIDER}.RocksDBStateStoreProvider",
        "rocksdb.changelogCheckpointing.enabled": "false",
    },
}
NEWEST = {"memory": "3.delta", "rocksdb": "3.changelog", "real-time": "3_*.changelog", "archive": "3.zip"}

Run = Callable[[Path], None]


@pytest.fixture(scope="module", params=STORES)
def store(request: pytest.FixtureRequest, spark: SparkSession) -> Iterator[str]:
    options = {"rocksdb.changelogCheckpointing.enabled": "true", **STORES[request.param]}
    for name, value in options.items():
        spark.conf.set(PREFIX + name, value)
    yield request.param
    for name in options:
        spark.conf.unset(PREFIX + name)


@pytest.fixture(scope="module")
def run(store: str, spark: SparkSession, settings_of: SettingsOf, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs the query on a checkpoint over three batches, or over one more if it exists."""
    settings = settings_of()
    folder = tmp_path_factory.mktemp(f"{store}-in")

    def run(checkpoint: Path) -> None:
        for number in range(BATCHES if not checkpoint.exists() else BATCHES + 1):
            (folder / f"{number}.txt").write_text("\n".join(f"{T0 + n},{n % 40}" for n in range(0, 9000, 60)))
        texts = spark.readStream.schema("value string").option("maxFilesPerTrigger", 1).text(str(folder))
        raw = texts.select(F.lit(None).cast("binary").alias("key"), F.col("value").cast("binary").alias("value"))
        windows = raw.transform(classified_windows(settings, mode_of(settings), F.lit(T0 + 1_000_000)))
        writer = windows.writeStream.format("noop").outputMode("update").option("checkpointLocation", str(checkpoint))
        query = writer.trigger(availableNow=True).start()
        query.awaitTermination()

    return run


@pytest.fixture(scope="module")
def intact(store: str, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint without Hadoop's checksums, which the driver does not write either."""
    checkpoint = tmp_path_factory.mktemp(store) / "checkpoint"
    run(checkpoint)
    for checksum in checkpoint.rglob(".*.crc"):
        checksum.unlink()
    return checkpoint


@pytest.fixture
def copied(intact: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(intact, tmp_path / "checkpoint"))


def failure_of(spark: SparkSession, checkpoint: Path, action: Callable[[], None]) -> Failure:
    with pytest.raises(Exception) as raised:  # noqa: PT011 (what Spark raises depends on the damage)
        action()
    forget_state(spark)
    return diagnose(raised.value, lambda causes: find_damaged_state(spark, str(checkpoint), causes))


def forget_state(spark: SparkSession) -> None:
    """Spark keeps loaded state; a new driver has none."""
    jvm = cast(Any, spark.sparkContext)._jvm
    getattr(getattr(jvm.org.apache.spark.sql.execution.streaming.state, "StateStore$"), "MODULE$").stop()


def test_intact_state_is_loaded(spark: SparkSession, copied: Path) -> None:
    load_state(spark, Checkpoint.of(spark, str(copied)), BATCHES - 1)
    assert find_damaged_state(spark, str(copied), []) is None


@pytest.mark.parametrize("how", DAMAGES)
def test_damaged_rows_are_found_when_the_state_is_loaded(
    spark: SparkSession, store: str, copied: Path, how: str
) -> None:
    (file,) = (copied / "state/0/1").glob(NEWEST[store])
    damage(file, how)
    failure = failure_of(spark, copied, lambda: load_state(spark, Checkpoint.of(spark, str(copied)), BATCHES - 1))
    assert (failure.kind, failure.exit_code) == ("damaged_checkpoint", 3)
    # Without an archive Spark misses the changelog, which it looks for next.
    name = "3.changelog" if (store, how) == ("archive", "missing") else file.name
    problem = "is missing" if how == "missing" else "is empty" if how == "empty" else "cannot be read ("
    assert failure.message.startswith(f"the checkpoint is damaged: {copied}/state/0/1/{name} {problem}")
    assert failure.message.endswith(
        "; restore the checkpoint from a backup, or start a new one with `submit --new-checkpoint`"
    )


def test_missing_partition_is_found_when_the_state_is_loaded(spark: SparkSession, copied: Path) -> None:
    damage(copied / "state/0/1", "missing")
    failure = failure_of(spark, copied, lambda: load_state(spark, Checkpoint.of(spark, str(copied)), BATCHES - 1))
    assert failure.message == str(DamagedCheckpointError(f"{copied}/state/0/1", "is missing"))


def test_temporary_files_of_the_attempt_that_failed_are_not_to_blame(spark: SparkSession, copied: Path) -> None:
    for name in (".4.delta.5c1e.TID3.tmp", ".4.delta.crc"):
        (copied / "state/0/0" / name).touch()
    assert find_damaged_state(spark, str(copied), []) is None


def test_file_that_cannot_be_opened_is_found(
    spark: SparkSession, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_checkpoint: Checkpoint, name: str) -> None:
        raise RefusedError(f"java.io.FileNotFoundException: {name} (Permission denied)")

    monkeypatch.setattr(Checkpoint, "open", refuse)
    found = find_unreadable(spark, Checkpoint.of(spark, str(copied)))
    assert "cannot be read (java.io.FileNotFoundException: " in str(found)


def test_only_what_the_checkpoint_has_to_hold_is_missing(spark: SparkSession, copied: Path) -> None:
    def find(file: str) -> DamagedCheckpointError | None:
        return find_damaged_state(
            spark, str(copied), ["outer", f"java.io.FileNotFoundException: File {file} does not exist"]
        )

    assert find(f"{copied}/state/0/1/.4.delta.5c1e.TID3.tmp") is None
    assert find(f"{copied}/state/0/0/_metadata/schema") is None
    assert find("/no/such/library.jar") is None
    assert str(find(f"file:{copied}/state/0/1/0 9.delta")) == str(
        DamagedCheckpointError(f"{copied}/state/0/1/0 9.delta", "is missing")
    )


# A schema that is missing is no damage: Spark writes it again.
@pytest.mark.parametrize(
    "damaged", ["state missing", "state/0/1 missing", *(f"state/0/0/_metadata/schema {how}" for how in CHANGES)]
)
def test_damaged_folder_or_schema_ends_the_query_for_good(
    spark: SparkSession, run: Run, copied: Path, damaged: str
) -> None:
    name, how = damaged.split()
    damage(copied / name, how)
    failure = failure_of(spark, copied, lambda: run(copied))
    assert (failure.kind, failure.exit_code) == ("damaged_checkpoint", 3)
    # With RocksDB the attempt that failed has made the partition's folder again, and lacks the files in it.
    assert re.match(rf"the checkpoint is damaged: {copied}/{name}(/\S+)? (is|cannot)", failure.message)
