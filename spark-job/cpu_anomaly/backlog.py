"""How far apart in time the batches of a backlog are: pure arithmetic over positions and a few samples."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import ceil, floor

from cpu_anomaly.consumer import RECORDS_PER_PLACE

# An offset per partition.
Position = Mapping[str, int]

# Places of a partition at which records are read, and the most places in all partitions together.
PLACES = 16
MAX_PLACES = 512
# Larger batches are assumed if there are more than this: much finer than the places anyway.
MAX_BATCHES = 200
# The default heap of the driver holds this many rows of state: docs/performance.md has the measurements.
MAX_STATE_ROWS = 500_000


@dataclass(frozen=True)
class Probe:
    """The samples in the records at one place of a partition. Times are in ms since 1970."""

    partition: str
    offset: int
    oldest_ms: int
    newest_ms: int
    records: int
    samples: int
    series: Collection[str]


@dataclass(frozen=True)
class Backlog:
    """What is unread, from `start` to `end`, and the positions in between at which batches end."""

    start: Position
    end: Position
    batch_ends: Sequence[Position]

    @property
    def records(self) -> int:
        return records_between(self.start, self.end)

    def places(self) -> Iterator[Position]:
        """Where to probe: evenly in each partition that has unread records, its first and last records included."""
        unread = {partition: end for partition, end in self.end.items() if end > self.start[partition]}
        steps = max(2, min(PLACES, MAX_PLACES // len(unread)))
        for step in range(steps + 1):
            yield {
                each: self.start[each] + max(0, end - self.start[each] - RECORDS_PER_PLACE) * step // steps
                for each, end in unread.items()
            }


class Course:
    """The times of one partition's samples along its offsets.

    A stretch between two places that is cut by an offset counts as a whole on both sides, unless the partition is in
    order and alone: then no other partition has read on to the end of the stretch.
    """

    def __init__(self, probes: Collection[Probe], *, is_alone: bool) -> None:
        ordered = sorted(probes, key=lambda probe: probe.offset)
        is_in_order = all(one.newest_ms <= next_one.oldest_ms for one, next_one in pairwise(ordered))
        self._slack = 0 if is_alone and is_in_order else 1
        self._offsets = [probe.offset for probe in ordered]
        self._newest = list(accumulate((probe.newest_ms for probe in ordered), max))
        self._oldest = list(accumulate((probe.oldest_ms for probe in reversed(ordered)), min))[::-1]

    def newest_before(self, offset: int) -> int:
        count = min(len(self._offsets), bisect_left(self._offsets, offset) + self._slack)
        return self._newest[max(0, count - 1)]

    def oldest_from(self, offset: int) -> int:
        index = min(len(self._offsets) - 1, bisect_left(self._offsets, offset))
        return self._oldest[max(0, index - self._slack)]


def spread_ms(backlog: Backlog, probes: Collection[Probe]) -> int:
    """How much older than the samples of earlier batches a sample can be, at most.

    It holds if the samples of a stretch between two places lie in time between those found at the places.
    """
    partitions = {probe.partition for probe in probes}
    courses = {
        each: Course([probe for probe in probes if probe.partition == each], is_alone=len(partitions) == 1)
        for each in partitions
    }
    spread = 0
    for at in backlog.batch_ends:
        read = [course.newest_before(at[each]) for each, course in courses.items() if at[each] > backlog.start[each]]
        unread = [course.oldest_from(at[each]) for each, course in courses.items() if at[each] < backlog.end[each]]
        if read and unread:
            spread = max(spread, max(read) - min(unread))
    return spread


def longest_ms(backlog: Backlog, probes: Collection[Probe], window_ms: int) -> int:
    """The span of time whose windows fit into MAX_STATE_ROWS.

    A span has at most one window per series and `window_ms`, and not more windows than samples.
    """
    if not probes:
        return 0
    series = len({name for probe in probes for name in probe.series})
    samples = backlog.records * sum(probe.samples for probe in probes) / sum(probe.records for probe in probes)
    range_ms = max(probe.newest_ms for probe in probes) - min(probe.oldest_ms for probe in probes)
    windows_per_ms = min(series / window_ms, samples / max(1, range_ms))
    return floor(MAX_STATE_ROWS / windows_per_ms)


def batch_ends(start: Position, end: Position, limit: int) -> list[Position]:
    """Where Spark ends its batches: `limit` records are shared out in proportion to what each partition has unread."""
    limit = max(limit, ceil(records_between(start, end) / MAX_BATCHES))
    ends = [start]
    while unread := records_between(ends[-1], end):
        ends.append(
            {each: min(end[each], at + share(limit * (end[each] - at) / unread)) for each, at in ends[-1].items()}
        )
    return ends


def share(records: float) -> int:
    """A small partition gets at least one record, as in `rateLimit` of Spark's KafkaMicroBatchStream."""
    return ceil(records) if records < 1 else floor(records)


def records_between(start: Position, end: Position) -> int:
    """The number of offsets from one position to another, over all partitions."""
    return sum(max(0, offset - start.get(partition, 0)) for partition, offset in end.items())
