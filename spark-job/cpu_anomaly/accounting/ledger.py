"""The totals of the accounting, in a file of the checkpoint that `status` reads too."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from cpu_anomaly.accounting.checkpoint import Checkpoint
from cpu_anomaly.accounting.files import checksum
from cpu_anomaly.accounting.late import Late, add_up

LEDGER = "cpu-anomaly-ledger.json"


@dataclass(frozen=True)
class Ledger:
    """What became of every line that batches up to and including `batch` have read. Names are those of its JSON."""

    batch: int = -1
    read: int = 0
    dead_lettered: int = 0
    late: int = 0
    topic_ids: Mapping[str, str] = field(default_factory=dict)
    # Which series the late samples belong to; see `add_up`.
    late_series: Sequence[Late] = ()
    # The ledger as it was before `batch`, in case Spark runs that batch again; None if the ledger has one batch only.
    before: Ledger | None = field(default=None, compare=False)
    # Checksums of what Spark's logs hold about committed batches, by file; see `seals_of`.
    seals: Mapping[str, str] = field(default_factory=dict, compare=False)

    @staticmethod
    def load(checkpoint: Checkpoint) -> Ledger:
        """A new ledger if there is none. Raises DamagedCheckpointError if it is not as it was saved."""
        return checkpoint.parse(LEDGER, Ledger.from_json) or Ledger()

    @staticmethod
    def from_json(text: str) -> Ledger:
        values = json.loads(text)
        saved = values.pop("checksum", None)  # earlier versions wrote none
        if saved is not None and saved != checksum_of(values):
            raise ValueError("its checksum does not fit")
        return Ledger.of(values)

    @staticmethod
    def of(values: Mapping[str, Any]) -> Ledger:
        before, late = values.get("before"), values.get("late_series", [])
        return Ledger(
            **{**values, "before": before and Ledger.of(before), "late_series": tuple(Late(**each) for each in late)}
        )

    def save(self, checkpoint: Checkpoint) -> None:
        values = asdict(self)
        checkpoint.write(LEDGER, json.dumps({**values, "checksum": checksum_of(values)}))

    def after(self, batch: int, read: int, dead_lettered: int = 0, late: Sequence[Late] = ()) -> Ledger:
        """The ledger once one further batch is accounted for."""
        return replace(
            self,
            batch=batch,
            read=self.read + read,
            dead_lettered=self.dead_lettered + dead_lettered,
            late=self.late + sum(each.samples for each in late),
            late_series=tuple(add_up([*self.late_series, *late])),
            before=replace(self, before=None, seals={}),
        )

    def totals(self) -> dict[str, int]:
        return {"read": self.read, "dead_lettered": self.dead_lettered, "late": self.late}


def seals_of(checkpoint: Checkpoint, first: int, last: int, known: Mapping[str, str]) -> dict[str, str]:
    """A checksum of each file of Spark's logs about these batches, all of them committed. Spark itself keeps none.

    `known` ones stay: what has changed since is damage.
    """
    names = [f"{folder}/{batch}" for batch in range(max(first, 0), last + 1) for folder in ("offsets", "commits")]
    return {name: seal for name in names if (seal := known.get(name) or checkpoint.fingerprint(name))}


def checksum_of(values: Mapping[str, object]) -> str:
    return checksum(json.dumps(values, sort_keys=True).encode())
