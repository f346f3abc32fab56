"""The program that reads a checkpoint for a command, as a process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).parents[1] / "checkpoint_files.py"


def replies(location: str, *orders: dict[str, str]) -> list[dict[str, object]]:
    lines = [{"location": location, "hadoop": {"fs.defaultFS": "file:///"}}, *orders]
    command = [sys.executable, str(PROGRAM), "--driver-memory", "256m"]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    result = subprocess.run(command, input=text, capture_output=True, text=True, check=True, timeout=120)
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_orders_are_answered_one_by_one(tmp_path: Path) -> None:
    checkpoint = tmp_path / "cp"
    (checkpoint / "commits").mkdir(parents=True)
    (checkpoint / "commits" / "0").write_text("v1\n{}")
    assert replies(
        str(checkpoint),
        {"op": "read", "name": "a.json"},
        {"op": "write", "name": "a.json", "text": '{"a": "ü"}'},
        {"op": "read", "name": "a.json"},
        {"op": "has_commits"},
        {"op": "set_aside", "to": f"{checkpoint}-1"},
        {"op": "has_commits"},
    ) == [
        {"event": "ready"},
        {"event": "text", "text": None},
        {"event": "done"},
        {"event": "text", "text": '{"a": "ü"}'},
        {"event": "commits", "has": True},
        {"event": "moved", "to": f"{checkpoint}-1"},
        {"event": "commits", "has": False},
    ]


def test_file_system_that_is_not_there_is_named_in_words() -> None:
    (_, answer) = replies("hdfs://no-such-host.invalid:8020/cp", {"op": "has_commits"})
    assert answer == {
        "event": "error",
        "kind": "unreachable",
        "message": "the host no-such-host.invalid is not known",
    }
