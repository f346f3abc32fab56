"""Keeps a Spark driver running: restarts it after a crash, stops it cleanly, and logs what it does.

    supervise.py --state FILE --stop-file FILE --ready-file FILE --commits DIR [--rotate-log FILE] -- driver argv...

With --once it ends with the driver: in a pod, Kubernetes restarts it.

Runs on a laptop and as a container's main process alike, so it uses only the standard library.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

# Exit codes of the driver after which a restart does not help: a configuration error; data loss, a replaced topic or a
# damaged checkpoint; a login or a right that Kafka refuses; a checkpoint that another driver has, or of other settings.
FINAL_EXIT_CODES = {
    2: "configuration error",
    3: "data loss, or a checkpoint that cannot be continued",
    4: "Kafka refuses the login or a right",
    5: "the checkpoint is another driver's, or was made with other settings",
}
# Who starts the drivers. In a pod it is the pod: each of its containers has ended before the next.
OWNER = "CPU_ANOMALY_OWNER"
MAX_FAILURES_WITHOUT_COMMIT = 5
MAX_BACKOFF_SECONDS = 30
TERM_SECONDS = 5.0
POLL_SECONDS = 0.1


@dataclass(frozen=True)
class State:
    """Content of the state file; the names are a contract with the orchestrator."""

    # "running" only once the driver is ready: while it is "starting", it may still refuse its checkpoint.
    state: str
    attempt: int = 0
    restarts: int = 0
    started_at: str = ""
    # When it entered this state.
    since: str = ""
    supervisor_pid: int = 0
    driver_pid: int | None = None
    driver_start: str | None = None
    exit_code: int | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Options:
    state: Path
    stop_file: Path
    ready_file: Path
    commits: Path
    rotate_log: Path | None
    max_bytes: int
    stop_timeout: float
    backoff: float
    driver: Sequence[str]
    signal_exit_code: int = 0
    once: bool = False


def parse_options(argv: Sequence[str]) -> Options:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--state", type=Path, required=True, help="written as JSON at each change")
    parser.add_argument("--stop-file", type=Path, required=True, help="created to ask the driver to stop")
    parser.add_argument("--ready-file", type=Path, required=True, help="created by the driver once its query runs")
    parser.add_argument("--commits", type=Path, required=True, help="the folder whose files are named by the commits")
    parser.add_argument("--rotate-log", type=Path, help="the file to which standard output is appended")
    parser.add_argument("--max-bytes", type=int, default=50_000_000, help="rotate the log beyond this size")
    parser.add_argument("--stop-timeout", type=float, default=30.0, help="seconds a clean stop may take")
    parser.add_argument("--backoff", type=float, default=1.0, help="seconds before a restart, doubled by each failure")
    parser.add_argument("--signal-exit-code", type=int, default=0, help="exit code after a signal")
    parser.add_argument("--once", action="store_true", help="end with the driver, and with its exit code")
    parser.add_argument("driver", nargs="+", metavar="argv", help="the driver's command, after --")
    return Options(**vars(parser.parse_args(argv)))


class Supervisor:
    def __init__(self, options: Options) -> None:
        self._options = options
        earlier = earlier_attempts(options.state) if options.once else 0
        self._state = State("starting", attempt=earlier, supervisor_pid=os.getpid())
        self._is_recorded = True
        self._owner = os.environ.get(OWNER) or str(uuid.uuid4())
        self._stop_signals = 0

    def run(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        self._keep_running()
        self._wait(lambda: self._is_recorded or self._stop_signals > 0)

    def _keep_running(self) -> None:
        failures = 0
        while True:
            commit = last_commit(self._options.commits)
            exit_code = self._run_driver(commit)
            if exit_code is None:
                return self._enter("failed", reason="the driver could not be started")
            if self._stop_signals or exit_code == 0:
                return self._enter("stopped", exit_code=exit_code, reason=describe_exit(exit_code))
            if exit_code in FINAL_EXIT_CODES:
                return self._enter("failed", exit_code=exit_code, reason=FINAL_EXIT_CODES[exit_code])
            if self._options.once:
                return self._enter("backing-off", exit_code=exit_code, reason=describe_exit(exit_code))
            failures = 1 if last_commit(self._options.commits) > commit else failures + 1
            reason = describe_exit(exit_code)
            if failures >= MAX_FAILURES_WITHOUT_COMMIT:
                reason = f"{reason}; {failures} failures without a new commit"
                return self._enter("gave-up", exit_code=exit_code, reason=reason)
            self._back_off(failures, exit_code, reason)
            if self._stop_signals:
                return self._enter("stopped", exit_code=exit_code, reason="stopped while waiting to restart")

    @property
    def exit_code(self) -> int:
        if self._stop_signals:
            return self._options.signal_exit_code
        return shell_exit_code(self._state.exit_code) if self._options.once else 0

    def _run_driver(self, commit: int) -> int | None:
        """Runs the driver once, until all its processes are gone. Returns its exit code; None if it could not start."""
        files = {"CPU_ANOMALY_STOP_FILE": self._options.stop_file, "CPU_ANOMALY_READY_FILE": self._options.ready_file}
        attempt = self._state.attempt + 1
        began = {"attempt": attempt, "restarts": attempt - 1, "started_at": now(), "since": now()}
        self._record(state="starting", **began, exit_code=None, reason=None)
        # As in the driver's `started`: by it the orchestrator tells the lines of this checkpoint from earlier ones.
        self._log("starting", attempt=attempt, resumed_from_batch=commit if commit >= 0 else "")
        # By it the lease of a driver that this supervisor has seen end is told from that of another machine's.
        owner = {OWNER: self._owner}
        environment = {**os.environ, **owner, **{name: str(file) for name, file in files.items()}}
        try:
            for file in files.values():
                file.unlink(missing_ok=True)
            # A session of its own: a terminal's signals do not reach it, and its whole group can be ended.
            driver = subprocess.Popen(self._options.driver, env=environment, start_new_session=True)
        except OSError as error:
            write_line(f"{now()} supervisor error={json.dumps(str(error))}")
            return None
        self._record(driver_pid=driver.pid, driver_start=start_token(driver.pid))
        exit_code = self._await_end(driver)
        # spark-submit is a JVM with a Python child: one that outlives its leader would still write to the checkpoint.
        end_group(driver.pid)
        self._state = replace(self._state, driver_pid=None, driver_start=None)
        return exit_code

    def _await_end(self, driver: subprocess.Popen[bytes]) -> int:
        def is_over() -> bool:
            return driver.poll() is not None or self._stop_signals > 0

        self._wait(lambda: is_over() or self._options.ready_file.exists())
        if not is_over():
            self._enter("running")
            self._wait(is_over)
        if driver.returncode is None:
            self._stop(driver)
        return driver.wait()

    def _stop(self, driver: subprocess.Popen[bytes]) -> None:
        """Asks for a clean end; at the deadline sends SIGTERM, then SIGKILL; a second signal skips to SIGKILL."""
        self._log("stopping")
        if self._asks_to_stop() and self._ends_within(driver, self._options.stop_timeout):
            return
        self._log("killing", reason="asked to hurry" if self._is_urgent() else "the driver did not stop in time")
        if not self._is_urgent():
            send(driver.pid, signal.SIGTERM)
            if self._ends_within(driver, TERM_SECONDS):
                return
        send(driver.pid, signal.SIGKILL)

    def _asks_to_stop(self) -> bool:
        """False if the driver cannot be asked, because the file system is read-only or full."""
        try:
            self._options.stop_file.touch()
        except OSError:
            return False
        return True

    def _ends_within(self, driver: subprocess.Popen[bytes], seconds: float) -> bool:
        self._wait(lambda: driver.poll() is not None or self._is_urgent(), seconds)
        return driver.returncode is not None

    def _is_urgent(self) -> bool:
        return self._stop_signals > 1

    def _back_off(self, failures: int, exit_code: int, reason: str) -> None:
        seconds = min(self._options.backoff * 2 ** (failures - 1), MAX_BACKOFF_SECONDS)
        self._enter("backing-off", exit_code=exit_code, reason=f"{reason}; next attempt in {seconds:g} s")
        self._wait(lambda: self._stop_signals > 0, seconds)

    def _wait(self, is_over: Callable[[], bool], seconds: float = math.inf) -> None:
        """Polls until it is over, or for this many seconds; looks after the log and the state file meanwhile."""
        deadline = time.monotonic() + seconds
        while not is_over() and time.monotonic() < deadline:
            if not (self._is_recorded and self._options.state.exists()):
                self._record()
            if self._options.rotate_log:
                rotate(self._options.rotate_log, self._options.max_bytes)
            time.sleep(POLL_SECONDS)

    def _on_signal(self, _number: int, _frame: object) -> None:
        self._stop_signals += 1

    def _enter(self, state: str, **changes: object) -> None:
        self._record(state=state, since=now(), **changes)
        self._log(state, attempt=self._state.attempt, exit_code=self._state.exit_code, reason=self._state.reason)

    def _record(self, **changes: object) -> None:
        """Writes the state file. If that fails, as on a full disk, `_wait` tries again: the driver comes first."""
        self._state = replace(self._state, **changes)  # type: ignore[arg-type]
        with contextlib.suppress(OSError):
            self._is_recorded = False
            write_atomically(self._options.state, json.dumps(asdict(self._state)))
            self._is_recorded = True

    def _log(self, state: str, **values: object) -> None:
        pairs = "".join(f" {name}={json.dumps(value)}" for name, value in values.items() if value is not None)
        write_line(f"{now()} supervisor state={state}{pairs}")


def write_line(line: str) -> None:
    """Prints a line, unless it cannot be written, as on a full disk: the state file says the same."""
    with contextlib.suppress(OSError):
        print(line, flush=True)


def now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def describe_exit(exit_code: int) -> str:
    if exit_code >= 0:
        return f"the driver ended with exit code {exit_code}"
    return f"the driver was killed by {signal.Signals(-exit_code).name}"


def shell_exit_code(exit_code: int | None) -> int:
    """As a shell reports it: 137 for a program that was killed by signal 9. 1 for one that did not start."""
    if exit_code is None:
        return 1
    return exit_code if exit_code >= 0 else 128 - exit_code


def earlier_attempts(state: Path) -> int:
    """How many times a driver was started before, by the state file of the last supervisor; 0 without one."""
    try:
        return int(json.loads(state.read_text(encoding="utf-8"))["attempt"])
    except (OSError, ValueError, LookupError, TypeError):
        return 0


def last_commit(commits: Path) -> int:
    """The newest batch that Spark committed; -1 if there is none.

    The folder is Spark's own, or one in which the driver shows the newest commit, if this machine cannot read Spark's.
    """
    try:
        names = [entry.name for entry in commits.iterdir()]
    except OSError:
        return -1
    return max((int(name) for name in names if name.isdigit()), default=-1)


def start_token(pid: int) -> str | None:
    """Identifies a process together with its pid, since pids are reused. The orchestrator computes the same token."""
    try:
        if sys.platform == "linux":
            # The second field, the program's name in parentheses, may contain spaces and parentheses.
            return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
        return subprocess.check_output(["ps", "-o", "lstart=", "-p", str(pid)], text=True).strip() or None
    except (OSError, IndexError, subprocess.SubprocessError):
        return None


def end_group(group: int) -> None:
    """Ends what is left of a process group, by SIGTERM and then SIGKILL; returns when it is gone."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        send(group, number)
        deadline = time.monotonic() + TERM_SECONDS
        while is_alive(group):
            if time.monotonic() >= deadline:
                break
            time.sleep(POLL_SECONDS / 10)
        else:
            return


def send(group: int, number: int) -> bool:
    """False if no process is left to receive it (macOS refuses it for a group of zombies)."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def is_alive(group: int) -> bool:
    reap_orphans(group)
    return send(group, 0)


def reap_orphans(group: int) -> None:
    """As a container's main process the supervisor inherits the driver's children when their parent dies."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-group, os.WNOHANG)[0]:
            pass


def rotate(log: Path, max_bytes: int) -> None:
    """Copies and truncates, since the writers keep the file open for appending."""
    try:
        if log.stat().st_size <= max_bytes:
            return
        shutil.copyfile(log, log.with_name(f"{log.name}.1"))
        os.truncate(log, 0)
    except OSError:  # a full disk must not end the driver
        pass


def write_atomically(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


if __name__ == "__main__":
    supervisor = Supervisor(parse_options(sys.argv[1:]))
    supervisor.run()
    sys.exit(supervisor.exit_code)
