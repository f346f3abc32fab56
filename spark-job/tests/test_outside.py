"""What the driver shows its supervisor."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpu_anomaly.outside import report_commit


def test_supervisor_sees_the_newest_commit_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "commits"
    monkeypatch.setenv("CPU_ANOMALY_COMMITS", str(folder))
    for batch in (7, 8, 3):  # of a checkpoint that was restored
        report_commit(batch)
        assert [each.name for each in folder.iterdir()] == [str(batch)]


def test_job_runs_although_the_folder_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CPU_ANOMALY_COMMITS", str(tmp_path / "file" / "commits"))
    report_commit(1)
    assert "NotADirectoryError" in capsys.readouterr().err
