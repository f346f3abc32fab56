"""How the driver's Spark session is set up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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


STOPPED_CONTEXT = """
import pathlib
from pyspark import SparkContext
from cpu_anomaly.modes import mode_of
from cpu_anomaly.session import ClusterError, start_spark
from cpu_anomaly.settings import Settings

SparkContext("local[1]", "test")._jsc.stop()
settings = Settings.from_json(pathlib.Path("default_settings.json").read_text())
try:
    start_spark(settings, mode_of(settings))
except ClusterError as error:
    print(error)
"""


def test_says_what_to_look_at_if_spark_stopped_the_context_before_it_was_used() -> None:
    """As it does when no master accepts the application; a context of its own, since the tests share one."""
    job = Path(__file__).parents[1]
    ran = subprocess.run([sys.executable, "-c", STOPPED_CONTEXT], check=True, capture_output=True, text=True, cwd=job)
    printed = ran.stdout
    assert "no master accepted the application at" in printed
    assert "spark.authenticate.secret" in printed
