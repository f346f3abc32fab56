"""One driver per checkpoint, also from two machines: the driver that runs holds a lease, a file in the checkpoint.

It renews the lease every few seconds, and a driver that finds the lease of another watches whether it changes: only
that counts, since two machines' clocks differ. On S3 the last write wins, so nothing is decided by writing: whoever
finds another's lease in the place of its own ends. A driver that has just written its lease waits until any other would
have found it, and starts its query only if it is still there. docs/decisions/2026-11-28-one-driver.md says more.
"""

from __future__ import annotations

import json
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass

from cpu_anomaly.accounting.files import CheckpointConflictError, CheckpointFiles

LEASE = "cpu-anomaly-driver.json"


@dataclass(frozen=True)
class Timing:
    """Seconds. Each is longer than the one before, by enough for an answer of the file system."""

    # From one renewal to the next.
    beat: float = 3.0
    # How long a new lease lies there before its driver goes on: by then another has found it, and has ended.
    settle: float = 6.0
    # A driver that could not renew its lease for this long ends: it is no longer protected.
    expiry: float = 15.0
    # For how long another's lease must not change: by then its driver has ended.
    watch: float = 25.0


@dataclass(frozen=True)
class Holder:
    # The same for all drivers of one supervisor, which has seen the one before end.
    id: str
    host: str
    pid: int


class CheckpointTakenError(CheckpointConflictError):
    """Another driver has the checkpoint."""


class LeaseExpiredError(Exception):
    """The lease could not be renewed for too long."""


class Lease:
    """Taken by `claim`, kept by a thread, and given back by `release`."""

    def __init__(
        self, files: CheckpointFiles, me: Holder, on_lost: Callable[[Exception], None], timing: Timing | None = None
    ) -> None:
        """`on_lost` is called, on a thread, with the reason for which the driver must end at once."""
        self._files = files
        self._me = me
        self._on_lost = on_lost
        self._timing = timing or Timing()
        self._beats = 0
        self._is_over = threading.Event()
        self._renewing = threading.Lock()
        self._renewed = self._settled = now()

    def claim(self) -> None:
        """Takes the lease once nobody renews it. Raises CheckpointTakenError if another driver does."""
        found = self._files.read(LEASE)
        is_ours = self._is_ours(found)
        if not is_ours:
            self._await_silence(found)
        self._write()
        self._settled = now() if is_ours else now() + self._timing.settle
        for work in (self._keep, self._watch_expiry):
            threading.Thread(target=work, daemon=True, name="lease").start()

    def confirm(self) -> None:
        """Returns once no other driver can have missed the lease. Raises CheckpointTakenError if one has taken it."""
        self._is_over.wait(max(0.0, self._settled - now()))
        self._renew()

    def release(self) -> None:
        """Removes the lease, unless another driver has taken it."""
        self._is_over.set()
        with self._renewing:
            if self._is_ours(self._files.read(LEASE)):
                self._files.remove(LEASE)

    def _is_ours(self, found: str | None) -> bool:
        """By its id: a renewal that failed may have been written all the same."""
        return found is not None and id_of(found) == self._me.id

    def _await_silence(self, found: str | None) -> None:
        deadline = now() + self._timing.watch
        while found is not None and now() < deadline:
            self._is_over.wait(self._timing.beat / 3)
            seen = self._files.read(LEASE)
            if seen is not None and seen != found:
                raise self._taken(seen)
            found = seen

    def _renew(self) -> None:
        """Raises CheckpointTakenError if the lease is not as this driver has left it."""
        with self._renewing:
            if self._is_over.is_set():
                return
            found = self._files.read(LEASE)
            if not self._is_ours(found):
                raise self._taken(found)
            self._write()

    def _write(self) -> None:
        began = now()
        self._beats += 1
        text = json.dumps({**asdict(self._me), "beat": self._beats})
        self._files.write(LEASE, text, writer=f".{self._me.id}")
        self._renewed = began

    def _keep(self) -> None:
        while not self._is_over.wait(self._timing.beat):
            self._try_to_renew()

    def _try_to_renew(self) -> None:
        try:
            self._renew()
        except CheckpointTakenError as error:
            self._lose(error)
        except Exception:  # noqa: BLE001 (whatever the file system says: it may pass, and expiry ends the driver)
            traceback.print_exc()

    def _watch_expiry(self) -> None:
        """A thread of its own: a file system that is away may keep the other one waiting for minutes."""
        while not self._is_over.wait(self._timing.beat / 3):
            if (seconds := now() - self._renewed) > self._timing.expiry:
                self._lose(LeaseExpiredError(f"{self._files.locate(LEASE)} could not be renewed for {seconds:.0f} s"))

    def _lose(self, error: Exception) -> None:
        if not self._is_over.is_set():
            self._is_over.set()
            self._on_lost(error)

    def _taken(self, found: str | None) -> CheckpointTakenError:
        where = self._files.root
        if found is None:
            return CheckpointTakenError(f"the checkpoint at {where} was moved or deleted while it was in use")
        return CheckpointTakenError(f"another driver uses the checkpoint at {where}: {describe(found)}")


def now() -> float:
    """Seconds of a clock that nobody sets, and that goes on while the machine sleeps, if it has one."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def id_of(text: str) -> str | None:
    try:
        return str(json.loads(text)["id"])
    except (ValueError, LookupError, TypeError):
        return None


def describe(text: str) -> str:
    try:
        holder = json.loads(text)
        return f"pid {holder['pid']} on {holder['host']}"
    except (ValueError, LookupError, TypeError):
        return "one that cannot be read"
