"""Looks at the checkpoint before the query starts: mends what its logs allow, and refuses the rest at once.

Only the newest files of the logs are read; the state is checked by Spark when it loads it (see `state`). A crash of the
machine typically leaves the newest file empty or cut short.

What may be removed: a batch counts only once it is committed. If its commit or its plan is gone, Spark starts from the
state before it, reads on from where the batch before it ended, and writes the results of all those windows again. The
batch may then end elsewhere, but no sample is skipped or counted twice, and the last result of each window is right,
as after any crash in mid batch. A plan that belongs to a committed batch is different: it alone says how far the state
goes, so without it nothing can be continued.

Spark keeps no checksums of these logs, so the ledger does, as soon as Spark reports a commit.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from cpu_anomaly.accounting.checkpoint import Checkpoint
from cpu_anomaly.accounting.files import CheckpointError, DamagedCheckpointError
from cpu_anomaly.accounting.ledger import LEDGER, Ledger
from cpu_anomaly.accounting.plan import BatchPlan, whole_number
from cpu_anomaly.event_log import EventLog

T = TypeVar("T")


def make_sound(checkpoint: Checkpoint, log: EventLog, *, plans_ahead: bool) -> None:
    """`plans_ahead` is the mode's. Raises DamagedCheckpointError, which names the file, for what cannot be mended."""
    Soundness(checkpoint, log, plans_ahead).check()


class Soundness:
    """One method per check: it removes or mends a file and logs that, or raises DamagedCheckpointError."""

    def __init__(self, checkpoint: Checkpoint, log: EventLog, plans_ahead: bool) -> None:
        self._plans_ahead = plans_ahead
        self._checkpoint = checkpoint
        self._log = log
        self._ledger = Ledger.load(checkpoint)

    def check(self) -> None:
        """What may be removed comes first: it decides with which batch Spark goes on, and so what the rest must fit."""
        self._remove_damaged_plan()
        self._remove_damaged_commits()
        self._require_plans()
        self._require_start()
        self._require_ledger()
        self._restore_identity()
        self._wind_ledger_back()

    def _remove_damaged_plan(self) -> None:
        planned = self._checkpoint.last_plan()
        if planned <= self._checkpoint.last_commit():
            return
        try:
            self._require_continuation(planned)
        except DamagedCheckpointError as error:
            self._remove(f"offsets/{planned}", error)

    def _require_continuation(self, planned: int) -> None:
        """A plan has no seal before its batch is committed, but it must fit what the batch before it has left."""
        plan = self._checkpoint.plan(planned)
        before = self._parse_or_none(f"offsets/{planned - 1}", BatchPlan.from_log)
        watermark_ms = self._parse_or_none(f"commits/{planned - 1}", next_watermark_ms)
        is_early = plan.timestamp_ms > time.time() * 1000
        if is_early or (before and not plan.follows(before)) or watermark_ms not in (None, plan.watermark_ms):
            raise self._damaged(f"offsets/{planned}", f"does not continue batch {planned - 1}")

    def _remove_damaged_commits(self) -> None:
        while (committed := self._checkpoint.last_commit()) >= 0:
            name = f"commits/{committed}"
            try:
                self._checkpoint.parse(name, next_watermark_ms)
                self._require_seal(name)
            except DamagedCheckpointError as error:
                self._remove(name, error)
            else:
                return

    def _require_plans(self) -> None:
        """Spark reads the last two, and the auditor those from the ledger's batch on. None may have changed since."""
        planned, committed = self._checkpoint.last_plan(), self._checkpoint.last_commit()
        if planned < committed:
            raise self._damaged(f"offsets/{committed}", "is missing")
        for batch in range(max(min(planned - 1, self._ledger.batch), 0), planned + 1):
            try:
                self._checkpoint.plan(batch)
            except DamagedCheckpointError:
                raise
            except CheckpointError as error:
                raise self._damaged(f"offsets/{batch}", "is missing") from error
            self._require_seal(f"offsets/{batch}")

    def _require_start(self) -> None:
        """Only batch 0 needs it: to run, or to be accounted for."""
        if self._checkpoint.last_plan() >= 0 and self._ledger.batch < 0:
            self._checkpoint.first_offsets()

    def _require_ledger(self) -> None:
        """It is written before the first batch, and it alone knows which topics the offsets belong to."""
        if self._checkpoint.last_plan() >= 0 and self._checkpoint.fingerprint(LEDGER) is None:
            raise self._damaged(LEDGER, "is missing")

    def _restore_identity(self) -> None:
        """Spark refuses to start without the id of the query, of which nothing depends on the value."""
        if self._checkpoint.last_plan() < 0 and self._checkpoint.fingerprint("metadata") is None:
            return
        try:
            if self._checkpoint.parse("metadata", query_id) is None:
                raise self._damaged("metadata", "is missing")
        except DamagedCheckpointError as error:
            self._checkpoint.write("metadata", json.dumps({"id": str(uuid.uuid4())}))
            self._log.write("mended", file="metadata", action="written with a new id", reason=error.problem)

    def _wind_ledger_back(self) -> None:
        """A batch that Spark runs again is accounted for again, and sealed again: it may end elsewhere."""
        following = self._checkpoint.next_batch(plans_ahead=self._plans_ahead)
        ledger = self._ledger if self._ledger.batch < following else self._ledger_before(following)
        committed = self._checkpoint.last_commit()
        known = self._ledger.seals
        seals = {name: seal for name, seal in known.items() if int(name.partition("/")[2]) <= committed}
        if ledger is not self._ledger or seals != known:
            replace(ledger, seals=seals).save(self._checkpoint)

    def _ledger_before(self, following: int) -> Ledger:
        before = self._ledger.before
        if before is None or before.batch != following - 1:
            problem = f"accounts for batch {self._ledger.batch}, but the logs of Spark continue with batch {following}"
            raise self._damaged(LEDGER, problem)
        self._log.write(
            "mended", file=LEDGER, action=f"set back to batch {before.batch}", reason="Spark repeats the next"
        )
        return replace(before, topic_ids=self._ledger.topic_ids)

    def _require_seal(self, name: str) -> None:
        seal = self._ledger.seals.get(name)
        if seal is not None and seal != self._checkpoint.fingerprint(name):
            raise self._damaged(name, "is not as it was when its batch was committed")

    def _parse_or_none(self, name: str, parser: Callable[[str], T]) -> T | None:
        """None also for a file that is damaged: it has a check of its own."""
        try:
            self._require_seal(name)
            return self._checkpoint.parse(name, parser)
        except DamagedCheckpointError:
            return None

    def _remove(self, name: str, error: DamagedCheckpointError) -> None:
        self._checkpoint.remove(name)
        self._log.write("mended", file=name, action="removed, Spark runs the batch again", reason=error.problem)

    def _damaged(self, name: str, problem: str) -> DamagedCheckpointError:
        return DamagedCheckpointError(self._checkpoint.locate(name), problem)


def next_watermark_ms(commit: str) -> int:
    """What Spark writes about a committed batch: a version, a newline, JSON. Raises ValueError or KeyError."""
    version, values = commit.split("\n", 1)
    if not version.startswith("v"):
        raise ValueError(f"version {version!r}")
    return whole_number(json.loads(values)["nextBatchWatermarkMs"])


def query_id(metadata: str) -> uuid.UUID:
    return uuid.UUID(json.loads(metadata)["id"])
