"""How far apart in time the batches of a backlog are: pure arithmetic over positions and the times of samples."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise

from cpu_anomaly.backlog import Backlog, Position, Probe, Stretch

# The default heap of the driver holds this many rows of state: docs/performance.md has the measurements.
MAX_STATE_ROWS = 500_000


class Course:
    """The times along the offsets of a partition. A stretch that is cut counts as a whole on both sides.

    So does the next one unless the partition is `alone`: what arrives in another one moves the ends of the batches.
    """

    def __init__(self, stretches: Iterable[Stretch], *, is_alone: bool) -> None:
        ordered = sorted(stretches, key=lambda stretch: stretch.start)
        self._slack = 0 if is_alone else 1
        self._starts = [stretch.start for stretch in ordered]
        self._ends = [stretch.end for stretch in ordered]
        self._newest = list(accumulate((stretch.newest_ms for stretch in ordered), max))
        self._oldest = list(accumulate((stretch.oldest_ms for stretch in reversed(ordered)), min))[::-1]

    def newest_before(self, offset: int) -> int | None:
        count = bisect_left(self._starts, offset)
        return self._newest[min(count + self._slack, len(self._newest)) - 1] if count else None

    def oldest_from(self, offset: int) -> int | None:
        index = bisect_right(self._ends, offset)
        return self._oldest[max(0, index - self._slack)] if index < len(self._oldest) else None


class Courses:
    """Of all partitions."""

    def __init__(self, stretches: Collection[Stretch]) -> None:
        by_partition: dict[str, list[Stretch]] = defaultdict(list)
        for stretch in stretches:
            by_partition[stretch.partition].append(stretch)
        self._courses = {
            partition: Course(each, is_alone=len(by_partition) == 1) for partition, each in by_partition.items()
        }

    def newest_before(self, at: Position) -> int | None:
        return max(known(course.newest_before(at[each]) for each, course in self._courses.items()), default=None)

    def oldest_from(self, at: Position) -> int | None:
        return min(known(course.oldest_from(at[each]) for each, course in self._courses.items()), default=None)


def known(times: Iterable[int | None]) -> Iterator[int]:
    return (time for time in times if time is not None)


def spread_ms(backlog: Backlog, stretches: Collection[Stretch]) -> int:
    """How much older than the samples of earlier batches a sample can be, at most."""
    courses = Courses(stretches)
    spread = 0
    for at in backlog.batch_ends():
        newest, oldest = courses.newest_before(at), courses.oldest_from(at)
        if newest is not None and oldest is not None:
            spread = max(spread, newest - oldest)
    return spread


def spread_in_order_ms(backlog: Backlog, probes: Collection[Probe]) -> int:
    """The same, if the samples between two places lie in time between those at the places.

    Then no batch of a partition that is alone holds older samples than the batch before it.
    """
    stretches = stretches_in_order(backlog, probes)
    return spread_ms(backlog, stretches) if len({stretch.partition for stretch in stretches}) > 1 else 0


def late_at_most(backlog: Backlog, stretches: Collection[Stretch], delay_ms: int) -> int:
    """How many samples can be late with this delay: all of a stretch if one can. None if it is the spread or longer."""
    courses = Courses(stretches)
    ends = list(backlog.batch_ends())
    newest = [courses.newest_before(at) for at in ends]
    offsets = {partition: [at[partition] for at in ends] for partition in backlog.end}
    late = 0
    for stretch in stretches:
        earlier = bisect_left(offsets[stretch.partition], stretch.end) - 1
        ahead = newest[earlier] if earlier >= 0 else None
        if ahead is not None and stretch.oldest_ms < ahead - delay_ms:
            late += stretch.samples
    return late


def is_in_order(probes: Collection[Probe], delay_ms: int) -> bool:
    """In no partition a sample of an earlier place is newer by more than the delay."""
    for each in by_place(probes).values():
        newest = accumulate((probe.newest_ms for probe in each), max)
        if any(earlier - delay_ms > probe.oldest_ms for earlier, probe in zip(newest, each[1:], strict=False)):
            return False
    return True


def stretches_in_order(backlog: Backlog, probes: Collection[Probe]) -> list[Stretch]:
    """From place to place."""
    return [
        Stretch(
            partition,
            backlog.start[partition] if one is each[0] else one.offset,
            backlog.end[partition] if other is each[-1] else other.offset,
            min(one.oldest_ms, other.oldest_ms),
            max(one.newest_ms, other.newest_ms),
            samples=0,
        )
        for partition, each in by_place(probes).items()
        for one, other in pairwise([*each, each[-1]] if len(each) == 1 else each)
    ]


def by_place(probes: Collection[Probe]) -> Mapping[str, Sequence[Probe]]:
    """By partition, those of a partition in the order of their places."""
    found: dict[str, list[Probe]] = defaultdict(list)
    for probe in sorted(probes, key=lambda probe: probe.offset):
        found[probe.partition].append(probe)
    return found


def longest_ms(series: int, window_ms: int) -> int:
    """The span of time whose windows fit into MAX_STATE_ROWS, whichever of them have samples."""
    return MAX_STATE_ROWS * window_ms // max(1, series)


def reach_ms(found: Iterable[Probe | Stretch], latest_ms: int) -> int:
    """From the oldest sample to a time that is not before any of them."""
    return max(0, latest_ms - min((each.oldest_ms for each in found), default=latest_ms))


def spread_at_any_speed_ms(probes: Collection[Probe]) -> int:
    """As `spread_in_order_ms`, if nothing is known of how far one partition is read before another."""
    spread = 0
    courses = by_place(probes)
    for partition, each in courses.items():
        newest_elsewhere = max(
            (probe.newest_ms for other in courses if other != partition for probe in courses[other]), default=0
        )
        newest = accumulate((probe.newest_ms for probe in each), max, initial=newest_elsewhere)
        spread = max(spread, *(earlier - probe.oldest_ms for earlier, probe in zip(newest, each, strict=False)))
    return spread
