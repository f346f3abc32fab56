"""A stand-in for the broker, as far as the driver asks it about topics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cpu_anomaly.rights import Rights
from cpu_anomaly.topics import Bounds


@dataclass
class FakeTopics:
    """The topics of a job. A test changes them as somebody else would."""

    known: Mapping[str, str]
    bounds: Bounds
    # How often the bounds were asked for.
    requests: int = 0
    # By partition of the input topic, the offset of the first of its newest records, and when that was written.
    written: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    is_stamped: bool | None = True
    output_ms: int = -1
    granted: Rights = field(default_factory=dict)
    # The offsets of consumer groups.
    groups: dict[str, Mapping[str, int]] = field(default_factory=dict)
    before_answer: Callable[[], object] = lambda: None

    def waiting(self, _wait_ms: int) -> FakeTopics:
        return self

    def rights(self) -> Rights:
        return self.granted

    def ids(self) -> Mapping[str, str]:
        return self.known

    def input_bounds(self) -> Bounds:
        self.requests += 1
        return self.bounds

    def input_since(self, time_ms: int) -> Mapping[str, int]:
        return {each: first for each, (first, written_ms) in self.written.items() if written_ms >= time_ms}

    def stamps_input(self) -> bool | None:
        return self.is_stamped

    def newest_output_ms(self) -> int:
        return self.output_ms

    def set_group_offsets(self, group: str, position: Mapping[str, int]) -> None:
        self.before_answer()
        self.groups[group] = position

    def output_end(self) -> Mapping[str, int]:
        return {"0": 0}
