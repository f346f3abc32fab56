"""How the driver's Spark session is set up."""

from __future__ import annotations

import pytest

from cpu_anomaly.accounting.auditor import MAX_AUDITS_PER_READ, MAX_BATCHES_BEHIND
from cpu_anomaly.session import BATCHES_TO_RETAIN, local_checkpoint_options


@pytest.mark.parametrize(
    "checkpoint", ["/storage/checkpoint", "file:/storage/checkpoint", "file:///storage/checkpoint"]
)
def test_local_checkpoint_is_written_without_forking(checkpoint: str) -> None:
    options = local_checkpoint_options(checkpoint, uses_rocksdb=False)
    assert options["spark.hadoop.fs.file.impl"] == "org.apache.hadoop.fs.RawLocalFileSystem"
    assert "spark.sql.streaming.checkpointFileManagerClass" in options


def test_rocksdb_keeps_the_file_system_through_which_it_uploads_snapshots() -> None:
    options = local_checkpoint_options("/storage/checkpoint", uses_rocksdb=True)
    assert "spark.hadoop.fs.file.impl" not in options
    assert "spark.sql.streaming.checkpointFileManagerClass" in options


@pytest.mark.parametrize("checkpoint", ["hdfs://name/checkpoint", "s3a://bucket/checkpoint"])
def test_checkpoint_elsewhere_is_left_to_its_file_system(checkpoint: str) -> None:
    assert local_checkpoint_options(checkpoint, uses_rocksdb=False) == {}


def test_plans_outlast_the_auditors_backlog() -> None:
    assert MAX_BATCHES_BEHIND + MAX_AUDITS_PER_READ < BATCHES_TO_RETAIN
