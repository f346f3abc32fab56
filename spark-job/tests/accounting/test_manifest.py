"""The driver compares the manifest as `submit` does, in the same words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from cpu_anomaly.accounting.checkpoint import Checkpoint
from cpu_anomaly.accounting.files import DamagedCheckpointError
from cpu_anomaly.accounting.manifest import MANIFEST, OtherSettingsError, require_manifest

SETTINGS = {"KAFKA_CLUSTER_ID": "c", "INPUT_FORMAT": "csv", "WINDOW_DURATION": "500 milliseconds"}


def unknown() -> str:
    pytest.fail("the manifest names the cluster")


@pytest.fixture
def checkpoint(spark: SparkSession, tmp_path: Path) -> Checkpoint:
    return Checkpoint.of(spark, str(tmp_path))


def test_new_checkpoint_gets_the_manifest_and_continues_with_it(checkpoint: Checkpoint, tmp_path: Path) -> None:
    require_manifest(checkpoint, SETTINGS, unknown)
    assert json.loads((tmp_path / MANIFEST).read_text()) == SETTINGS
    require_manifest(checkpoint, SETTINGS, unknown)


def test_other_settings_are_refused_with_their_values(checkpoint: Checkpoint) -> None:
    require_manifest(checkpoint, SETTINGS, unknown)
    with pytest.raises(OtherSettingsError) as refused:
        require_manifest(checkpoint, {**SETTINGS, "WINDOW_DURATION": "1 s", "GROUP_BY": "key"}, unknown)
    assert str(refused.value) == (
        "the checkpoint was made with other settings; continuing would mix results: "
        "WINDOW_DURATION: was 500 milliseconds, is now 1 s; GROUP_BY: was (none), is now key"
    )


def test_manifest_of_a_version_without_formats_is_one_of_csv(checkpoint: Checkpoint) -> None:
    checkpoint.write(MANIFEST, json.dumps({key: SETTINGS[key] for key in ("KAFKA_CLUSTER_ID", "WINDOW_DURATION")}))
    require_manifest(checkpoint, SETTINGS, unknown)
    with pytest.raises(OtherSettingsError, match="INPUT_FORMAT: was csv, is now json"):
        require_manifest(checkpoint, {**SETTINGS, "INPUT_FORMAT": "json"}, unknown)


def test_job_that_was_rendered_without_a_broker_asks_for_the_cluster(checkpoint: Checkpoint) -> None:
    rendered = {key: value for key, value in SETTINGS.items() if key != "KAFKA_CLUSTER_ID"}
    require_manifest(checkpoint, rendered, lambda: "c")
    with pytest.raises(OtherSettingsError, match="KAFKA_CLUSTER_ID: was c, is now other"):
        require_manifest(checkpoint, rendered, lambda: "other")


def test_checkpoint_of_somebody_else_is_refused(checkpoint: Checkpoint, tmp_path: Path) -> None:
    (tmp_path / "commits").mkdir()
    (tmp_path / "commits" / "0").write_text("v1\n{}")
    with pytest.raises(OtherSettingsError, match="has no manifest of this tool"):
        require_manifest(checkpoint, SETTINGS, unknown)


@pytest.mark.parametrize("text", ["", "[1]", "no JSON"])
def test_damaged_manifest_is_named(checkpoint: Checkpoint, text: str) -> None:
    checkpoint.write(MANIFEST, text)
    with pytest.raises(DamagedCheckpointError, match=MANIFEST):
        require_manifest(checkpoint, SETTINGS, unknown)
