"""The supervisor as a process, with real processes as drivers."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

SUPERVISOR = Path(__file__).parents[1] / "supervise.py"
DEADLINE = 60.0


class Supervised:
    def __init__(self, folder: Path, driver: str, *options: str) -> None:
        self.folder = folder
        self.state_file = folder / "run" / "state.json"
        self.state_file.parent.mkdir(exist_ok=True)
        self.checkpoint = folder / "checkpoint"
        (self.checkpoint / "commits").mkdir(parents=True, exist_ok=True)
        own = [
            "--state",
            str(self.state_file),
            "--stop-file",
            str(folder / "stop"),
            "--ready-file",
            str(folder / "ready"),
            "--commits",
            str(self.checkpoint / "commits"),
        ]
        self.process = subprocess.Popen(
            [sys.executable, str(SUPERVISOR), *own, *options, "--", sys.executable, "-c", driver],
            cwd=folder,
            stdout=(folder / "out.log").open("ab"),
            stderr=subprocess.STDOUT,
        )

    def state(self) -> dict[str, Any]:
        text = self.state_file.read_text() if self.state_file.exists() else "{}"
        return dict(json.loads(text))  # fails unless the file is complete at any moment

    def until(self, is_wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        state: dict[str, Any] = wait_for(self.state, is_wanted, f"{self.folder / 'out.log'}")
        return state

    def kill(self) -> None:
        """Ends it and its driver. Two signals at once may be taken for one."""
        for answer in ("state=stopping", "state=killing"):
            self._signal(answer)
        self.process.wait(DEADLINE)

    def _signal(self, answer: str) -> None:
        """Waits until the log has the answer, or until there is nothing more to end."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            log = self.folder / "out.log"
            wait_for(log.read_text, lambda text: answer in text or self.process.poll() is not None, str(log))

    def end(self) -> dict[str, Any]:
        self.process.wait(DEADLINE)
        return self.state()


def wait_for(read: Callable[[], Any], is_wanted: Callable[[Any], bool], where: str) -> Any:
    deadline = time.monotonic() + DEADLINE
    while True:
        seen = read()
        if is_wanted(seen):
            return seen
        if time.monotonic() > deadline:
            pytest.fail(f"not within {DEADLINE} s; last seen: {seen}; see {where}")
        time.sleep(0.02)


Start = Callable[..., Supervised]


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Start]:
    started: list[Supervised] = []

    def start(driver: str, *options: str) -> Supervised:
        started.append(Supervised(tmp_path, driver, *options))
        return started[-1]

    yield start
    for supervised in started:
        supervised.kill()


UNTIL_STOPPED = """
import os, pathlib, time
pathlib.Path(os.environ["CPU_ANOMALY_READY_FILE"]).touch()
while not pathlib.Path(os.environ["CPU_ANOMALY_STOP_FILE"]).exists():
    time.sleep(0.02)
pathlib.Path("stopped-cleanly").touch()
"""
STUBBORN = """
import pathlib, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path("is-stubborn").touch()
while True:
    time.sleep(1)
"""


def test_driver_that_succeeds_is_not_started_again(supervise: Start) -> None:
    state = supervise("pass").end()
    assert (state["state"], state["attempt"], state["exit_code"]) == ("stopped", 1, 0)


@pytest.mark.parametrize(("commits", "last"), [((), '""'), ((9, 10), "10")])
def test_log_says_with_which_batch_a_driver_begins(
    supervise: Start, tmp_path: Path, commits: tuple[int, ...], last: str
) -> None:
    (tmp_path / "checkpoint" / "commits").mkdir(parents=True)
    for batch in commits:
        (tmp_path / "checkpoint" / "commits" / str(batch)).touch()
    supervise("pass").end()
    first, _ = (tmp_path / "out.log").read_text().split("\n", 1)
    assert first.split(" ", 1)[1] == f"supervisor state=starting attempt=1 resumed_from_batch={last}"


@pytest.mark.parametrize("exit_code", [2, 3, 4])
def test_failure_that_a_restart_does_not_mend_is_not_tried_again(supervise: Start, exit_code: int) -> None:
    state = supervise(f"raise SystemExit({exit_code})").end()
    assert (state["state"], state["attempt"], state["exit_code"]) == ("failed", 1, exit_code)


def test_driver_that_cannot_be_started_is_a_failure(tmp_path: Path) -> None:
    own = ["--state", "state.json", "--stop-file", "stop", "--ready-file", "ready", "--commits", "."]
    subprocess.run(
        [sys.executable, SUPERVISOR, *own, "--", "/no/such/program"], cwd=tmp_path, check=True, timeout=DEADLINE
    )
    assert json.loads((tmp_path / "state.json").read_text())["state"] == "failed"


def test_supervisor_gives_up_after_five_failures_without_a_commit(supervise: Start, tmp_path: Path) -> None:
    state = supervise("raise SystemExit(7)", "--backoff", "0.02").end()
    assert (state["state"], state["attempt"], state["restarts"], state["exit_code"]) == ("gave-up", 5, 4, 7)
    assert "5 failures without a new commit" in state["reason"]
    assert state["since"] > state["started_at"]
    log = (tmp_path / "out.log").read_text()
    assert re.findall(r"next attempt in (\S+) s", log) == ["0.02", "0.04", "0.08", "0.16"]


def test_new_commit_resets_the_count_of_failures(supervise: Start) -> None:
    # Commits in its first three attempts, so the third attempt's failure is the first of five.
    driver = """
import pathlib
commits = pathlib.Path("checkpoint/commits")
done = len(list(commits.iterdir()))
if done < 3:
    (commits / str(done)).touch()
raise SystemExit(7)
"""
    state = supervise(driver, "--backoff", "0.01").end()
    assert (state["state"], state["attempt"]) == ("gave-up", 7)


def test_drivers_of_one_supervisor_have_one_owner(supervise: Start, tmp_path: Path) -> None:
    driver = """
import os, pathlib
with pathlib.Path("owners").open("a") as file:
    file.write(os.environ["CPU_ANOMALY_OWNER"] + chr(10))
raise SystemExit(7)
"""
    supervise(driver, "--backoff", "0.01").end()
    supervise(driver, "--backoff", "0.01").end()
    owners = (tmp_path / "owners").read_text().split()
    assert (len(owners), len(set(owners[:5])), len(set(owners))) == (10, 1, 2)


def test_crash_is_followed_by_another_attempt(supervise: Start, tmp_path: Path) -> None:
    supervised = supervise(UNTIL_STOPPED)
    first = supervised.until(lambda state: state.get("state") == "running")
    os.kill(first["driver_pid"], signal.SIGKILL)
    second = supervised.until(lambda state: state.get("attempt") == 2 and state["state"] == "running")
    assert second["driver_pid"] != first["driver_pid"]
    assert "was killed by SIGKILL" in (tmp_path / "out.log").read_text()


def test_driver_runs_once_it_is_ready(supervise: Start, tmp_path: Path) -> None:
    driver = """
import os, pathlib, time
while not pathlib.Path("go").exists():
    time.sleep(0.02)
pathlib.Path(os.environ["CPU_ANOMALY_READY_FILE"]).touch()
time.sleep(3600)
"""
    supervised = supervise(driver)
    starting = supervised.until(lambda state: state.get("driver_pid") is not None)
    assert starting["state"] == "starting"
    (tmp_path / "go").touch()
    running = supervised.until(lambda state: state["state"] == "running")
    assert running["driver_pid"] == starting["driver_pid"]
    assert running["since"] > starting["since"]


def test_driver_that_fails_before_it_is_ready_never_runs(supervise: Start, tmp_path: Path) -> None:
    (tmp_path / "ready").touch()  # of an earlier driver
    supervise("raise SystemExit(3)").end()
    assert "state=running" not in (tmp_path / "out.log").read_text()


def test_restarted_driver_has_to_be_ready_again(supervise: Start) -> None:
    driver = """
import os, pathlib, time
first = pathlib.Path("first")
if not first.exists():
    first.touch()
    pathlib.Path(os.environ["CPU_ANOMALY_READY_FILE"]).touch()
time.sleep(3600)
"""
    supervised = supervise(driver)
    first = supervised.until(lambda state: state.get("state") == "running")
    os.kill(first["driver_pid"], signal.SIGKILL)
    second = supervised.until(lambda state: state["attempt"] == 2 and state["driver_pid"] is not None)
    assert second["state"] == "starting"


def test_sigterm_lets_the_driver_stop_cleanly(supervise: Start, tmp_path: Path) -> None:
    supervised = supervise(UNTIL_STOPPED)
    supervised.until(lambda state: state.get("state") == "running")
    supervised.process.send_signal(signal.SIGTERM)
    assert supervised.end()["state"] == "stopped"
    assert (tmp_path / "stopped-cleanly").exists()
    assert supervised.process.returncode == 0


def test_stop_while_waiting_to_restart_takes_effect_at_once(supervise: Start) -> None:
    supervised = supervise("raise SystemExit(7)")
    supervised.until(lambda state: state.get("state") == "backing-off" and state["attempt"] == 2)
    supervised.process.send_signal(signal.SIGTERM)
    state = supervised.end()
    assert (state["state"], state["attempt"]) == ("stopped", 2)


def test_driver_that_does_not_stop_is_killed(supervise: Start, tmp_path: Path) -> None:
    supervised = supervise(STUBBORN, "--stop-timeout", "0.2")
    wait_for((tmp_path / "is-stubborn").exists, bool, "out.log")
    supervised.process.send_signal(signal.SIGTERM)
    assert supervised.end()["exit_code"] == -signal.SIGKILL


def test_second_signal_kills_at_once(supervise: Start, tmp_path: Path) -> None:
    supervised = supervise(STUBBORN, "--stop-timeout", "3600")
    wait_for((tmp_path / "is-stubborn").exists, bool, "out.log")
    supervised.process.send_signal(signal.SIGTERM)
    wait_for((tmp_path / "stop").exists, bool, "out.log")
    supervised.process.send_signal(signal.SIGTERM)
    assert supervised.end()["exit_code"] == -signal.SIGKILL


def test_exit_code_after_a_signal_can_be_chosen(supervise: Start) -> None:
    supervised = supervise(UNTIL_STOPPED, "--signal-exit-code", "143")
    supervised.until(lambda state: state.get("state") == "running")
    supervised.process.send_signal(signal.SIGTERM)
    supervised.end()
    assert supervised.process.returncode == 143


def test_nothing_of_the_driver_outlives_it(supervise: Start, tmp_path: Path) -> None:
    driver = """
import pathlib, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
pathlib.Path("child").write_text(str(child.pid))
"""
    supervise(driver).end()
    child = int((tmp_path / "child").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_crash_while_the_state_cannot_be_written_is_followed_by_another_attempt(
    supervise: Start, tmp_path: Path
) -> None:
    supervised = supervise(UNTIL_STOPPED)
    first = supervised.until(lambda state: state.get("state") == "running")
    (tmp_path / "run").rename(tmp_path / "away")
    os.kill(first["driver_pid"], signal.SIGKILL)
    wait_for((tmp_path / "out.log").read_text, lambda text: "state=backing-off" in text, "out.log")
    (tmp_path / "away").rename(tmp_path / "run")
    supervised.until(lambda state: state["attempt"] == 2 and state["state"] == "running")


def test_state_file_that_was_removed_is_written_again(supervise: Start) -> None:
    supervised = supervise(UNTIL_STOPPED)
    first = supervised.until(lambda state: state.get("state") == "running")
    supervised.state_file.unlink()
    assert supervised.until(lambda state: "state" in state) == first


def test_final_state_is_recorded_once_it_can_be_written(supervise: Start, tmp_path: Path) -> None:
    driver = """
import pathlib, time
while not pathlib.Path("go").exists():
    time.sleep(0.02)
raise SystemExit(3)
"""
    supervised = supervise(driver)
    supervised.until(lambda state: state.get("driver_pid") is not None)
    (tmp_path / "run").rename(tmp_path / "away")
    (tmp_path / "go").touch()
    wait_for((tmp_path / "out.log").read_text, lambda text: "state=failed" in text, "out.log")
    (tmp_path / "away").rename(tmp_path / "run")
    assert (supervised.end()["state"], supervised.state()["exit_code"]) == ("failed", 3)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a file that is always full")
def test_log_that_cannot_be_written_ends_nothing(tmp_path: Path) -> None:
    own = ["--state", "state.json", "--stop-file", "stop", "--ready-file", "ready", "--commits", "."]
    driver = """
import pathlib
if not pathlib.Path("crashed").exists():
    pathlib.Path("crashed").touch()
    raise SystemExit(7)
"""
    with Path("/dev/full").open("wb") as full:
        subprocess.run(
            [sys.executable, SUPERVISOR, *own, "--", sys.executable, "-c", driver],
            cwd=tmp_path,
            stdout=full,
            timeout=DEADLINE,
            check=False,
        )
    state = json.loads((tmp_path / "state.json").read_text())
    assert (state["state"], state["attempt"]) == ("stopped", 2)


def test_driver_that_cannot_be_asked_to_stop_is_ended(supervise: Start) -> None:
    supervised = supervise(UNTIL_STOPPED, "--stop-file", "no/such/folder/stop", "--stop-timeout", "3600")
    supervised.until(lambda state: state.get("state") == "running")
    supervised.process.send_signal(signal.SIGTERM)
    assert supervised.end()["exit_code"] == -signal.SIGTERM


def test_driver_is_identified_by_pid_and_start(supervise: Start) -> None:
    supervised = supervise(UNTIL_STOPPED)
    state = supervised.until(lambda seen: seen.get("state") == "running")
    assert state["supervisor_pid"] == supervised.process.pid
    assert state["driver_start"]


def test_log_is_rotated_beyond_its_size(supervise: Start, tmp_path: Path) -> None:
    log = tmp_path / "out.log"
    log.write_bytes(b"x" * 5_000)
    supervise(UNTIL_STOPPED, "--rotate-log", str(log), "--max-bytes", "4000")
    old = wait_for(lambda: tmp_path / "out.log.1", lambda path: path.exists(), "out.log")
    assert old.read_bytes().startswith(b"x" * 5_000)
    wait_for(lambda: log.stat().st_size, lambda size: size < 4_000, "out.log")


@pytest.mark.parametrize(("exit_code", "state"), [(7, "backing-off"), (2, "failed"), (0, "stopped")])
def test_once_ends_with_the_driver_and_its_exit_code(supervise: Start, exit_code: int, state: str) -> None:
    supervised = supervise(f"raise SystemExit({exit_code})", "--once")
    assert supervised.process.wait(DEADLINE) == exit_code
    assert supervised.state()["state"] == state


def test_once_reports_a_signal_as_a_shell_does(supervise: Start) -> None:
    supervised = supervise("import os; os.kill(os.getpid(), 9)", "--once")
    assert supervised.process.wait(DEADLINE) == 137


def test_once_goes_on_counting_attempts(supervise: Start) -> None:
    """In a pod the state file outlasts the container."""
    supervise("raise SystemExit(7)", "--once").process.wait(DEADLINE)
    again = supervise("raise SystemExit(7)", "--once")
    again.process.wait(DEADLINE)
    assert (again.state()["attempt"], again.state()["restarts"]) == (2, 1)
    unsupervised = supervise("raise SystemExit(0)")
    assert unsupervised.until(lambda seen: seen.get("state") == "stopped")["attempt"] == 1


def test_owner_of_the_drivers_may_be_named(supervise: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CPU_ANOMALY_OWNER", "pod-1")
    write = "import os, pathlib; pathlib.Path('owner').write_text(os.environ['CPU_ANOMALY_OWNER'])"
    supervise(write, "--once").process.wait(DEADLINE)
    assert (tmp_path / "owner").read_text() == "pod-1"
