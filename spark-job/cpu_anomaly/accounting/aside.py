"""Setting a checkpoint aside: it gets another name, and nothing of it is deleted.

On HDFS, as on a disk, that is one step. S3 has no such step: Hadoop copies each object and deletes the old one. Until
all of them are moved, a file in both places says so: no driver takes either for a checkpoint, and the next attempt
moves the rest.
"""

from __future__ import annotations

import json
from typing import Any

from cpu_anomaly.accounting.files import CheckpointConflictError, CheckpointFiles

# In both places: {"from": URI, "to": URI}.
MOVE = "cpu-anomaly-move.json"


class UnfinishedMoveError(CheckpointConflictError):
    """This checkpoint is only a part of one."""


def require_whole(checkpoint: CheckpointFiles) -> None:
    """Raises UnfinishedMoveError if the checkpoint was being set aside when that was interrupted."""
    if (text := checkpoint.read(MOVE)) is None:
        return
    move = json.loads(text)
    raise UnfinishedMoveError(
        f"{checkpoint.root} is not whole: it was being moved from {move['from']} to {move['to']}; "
        "`submit --new-checkpoint` there moves the rest"
    )


def set_aside(checkpoint: CheckpointFiles, target: CheckpointFiles) -> str:
    """Returns where the checkpoint is now: the target, or that of an earlier attempt."""
    if checkpoint.scheme != "s3a":
        checkpoint.rename(target)
        return target.root
    if (text := checkpoint.read(MOVE)) is not None:
        target = target.at(json.loads(text)["to"])
    move = json.dumps({"from": checkpoint.root, "to": target.root})
    for each in (target, checkpoint):
        each.write(MOVE, move)
    for status in checkpoint.children(""):
        if status.getPath().getName() != MOVE:
            move_into(status, checkpoint, target)
    target.remove(MOVE)
    checkpoint.remove(MOVE)
    return target.root


def move_into(status: Any, checkpoint: CheckpointFiles, target: CheckpointFiles) -> None:
    """What is there already was copied by an earlier attempt: a folder then lacks some of its files."""
    name = checkpoint.relative(status.getPath())
    if not target.exists(name):
        checkpoint.rename_child(name, target)
    elif status.isDirectory():
        for each in checkpoint.children(name):
            move_into(each, checkpoint, target)
    else:
        checkpoint.remove(name)
