"""A stand-in for the broker, as far as the driver asks it about topics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cpu_anomaly.topics import Bounds


@dataclass
class FakeTopics:
    """The topics of a job. A test changes them as somebody else would."""

    known: Mapping[str, str]
    bounds: Bounds
    # How often the bounds were asked for.
    requests: int = 0

    def waiting(self, _wait_ms: int) -> FakeTopics:
        return self

    def ids(self) -> Mapping[str, str]:
        return self.known

    def input_bounds(self) -> Bounds:
        self.requests += 1
        return self.bounds

    def output_end(self) -> Mapping[str, int]:
        return {"0": 0}
