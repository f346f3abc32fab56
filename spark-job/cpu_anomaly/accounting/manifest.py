"""The settings that a checkpoint fixes, which `submit` compares too: a rendered job is also started without it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from cpu_anomaly.accounting.checkpoint import Checkpoint
from cpu_anomaly.accounting.files import CheckpointConflictError

# Written by `query/manifest.ts` in the same form.
MANIFEST = "cpu-anomaly-manifest.json"
CLUSTER_ID = "KAFKA_CLUSTER_ID"
# What a checkpoint fixes although its manifest, of an earlier version, does not say it.
BEFORE_FORMATS = {"INPUT_FORMAT": "csv"}


class OtherSettingsError(CheckpointConflictError):
    """The checkpoint was made with other settings."""


def require_manifest(checkpoint: Checkpoint, rendered: Mapping[str, str], cluster_id: Callable[[], str]) -> None:
    """Writes the manifest of a new checkpoint. Raises OtherSettingsError for one that the settings do not continue.

    Who renders a job without a broker does not know the id of the cluster.
    """
    now = dict(rendered) if CLUSTER_ID in rendered else {**rendered, CLUSTER_ID: cluster_id()}
    before = checkpoint.parse(MANIFEST, manifest_of)
    if before is not None:
        require_same(before, now)
    elif checkpoint.last_commit() >= 0:
        raise OtherSettingsError(f"the checkpoint at {checkpoint.root} has no manifest of this tool")
    else:
        checkpoint.write(MANIFEST, json.dumps(now, indent=2) + "\n")


def manifest_of(text: str) -> dict[str, str]:
    return {str(key): str(value) for key, value in json.loads(text).items()}


def require_same(before: Mapping[str, str], now: Mapping[str, str]) -> None:
    before, now = {**BEFORE_FORMATS, **before}, {**BEFORE_FORMATS, **now}
    changes = [
        f"{key}: was {before.get(key, '(none)')}, is now {now.get(key, '(none)')}"
        for key in {**now, **before}
        if before.get(key) != now.get(key)
    ]
    if changes:
        raise OtherSettingsError(
            f"the checkpoint was made with other settings; continuing would mix results: {'; '.join(changes)}"
        )
