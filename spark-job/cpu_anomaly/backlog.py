"""A backlog that is larger than one batch, and the offsets at which Spark will cut it into batches."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from math import ceil, floor

from cpu_anomaly.consumer import RECORDS_PER_PLACE

# An offset per partition.
Position = Mapping[str, int]

# A few records are read at this many places of a partition, and one more; and the most places in all partitions.
PLACES = 64
MAX_PLACES = 512
# The stretches of a partition whose times are kept once all records are read; and the most in all partitions.
STRETCHES = 1024
MAX_STRETCHES = 8192


@dataclass(frozen=True)
class Probe:
    """The samples in the records at one place of a partition. Times are in ms since 1970."""

    partition: str
    offset: int
    oldest_ms: int
    newest_ms: int


@dataclass(frozen=True)
class Stretch:
    """The samples of a partition from the offset `start` on and before `end`. Times are in ms since 1970."""

    partition: str
    start: int
    end: int
    oldest_ms: int
    newest_ms: int
    samples: int


@dataclass(frozen=True)
class Times:
    """The times of all samples, how many series they have, and in how many windows they are: their rows of state."""

    stretches: Collection[Stretch]
    series: int
    windows: int


@dataclass(frozen=True)
class Backlog:
    """What is unread, from `start` to `end`. A batch takes `limit` records; the first one may be planned already."""

    start: Position
    end: Position
    limit: int
    planned: Position | None = None

    @property
    def records(self) -> int:
        return records_between(self.start, self.end)

    @property
    def unread(self) -> list[str]:
        """The partitions that have unread records."""
        return [partition for partition, end in self.end.items() if end > self.start[partition]]

    @property
    def stretches(self) -> int:
        """In how many stretches a partition is divided."""
        return max(1, min(STRETCHES, MAX_STRETCHES // len(self.unread)))

    def places(self) -> Iterator[Position]:
        """Where to probe: evenly in each partition that has unread records, its first and last records included."""
        steps = max(2, min(PLACES, MAX_PLACES // len(self.unread)))
        for step in range(steps + 1):
            yield {
                each: self.start[each] + max(0, self._size(each) - RECORDS_PER_PLACE) * step // steps
                for each in self.unread
            }

    def stretch_start(self, partition: str, number: int) -> int:
        """The first offset of a stretch; that of the next one is where it ends."""
        return self.start[partition] - (-number * self._size(partition) // self.stretches)

    def batch_ends(self) -> Iterator[Position]:
        """Where Spark ends its batches."""
        if self.planned:
            yield self.planned
        yield from batch_ends(self.planned or self.start, self.end, self.limit)

    @property
    def can_be_overtaken(self) -> bool:
        """A partition is read to its end before the last batch, so what arrives there meanwhile is read early, too."""
        before_last = [self.start, *self.batch_ends()][-2]
        return any(before_last[each] >= end for each, end in self.end.items())

    def arrived_since(self, earlier: Backlog, latest_ms: int) -> list[Stretch]:
        """The records that an earlier look did not show, none of them newer than `latest_ms`."""
        known = {**self.start, **earlier.end}
        return [
            Stretch(each, known[each], end, latest_ms, latest_ms, samples=0)
            for each, end in self.end.items()
            if end > known[each]
        ]

    def _size(self, partition: str) -> int:
        return self.end[partition] - self.start[partition]


def batch_ends(start: Position, end: Position, limit: int) -> Iterator[Position]:
    """`limit` records are shared out in proportion to what each partition has unread.

    To the record as in `rateLimit` of Spark's KafkaMicroBatchStream, rounding included.
    """
    at = start
    while unread := records_between(at, end):
        at = {
            each: min(end[each], offset + share(limit * ((end[each] - offset) / unread))) for each, offset in at.items()
        }
        yield at


def share(records: float) -> int:
    """A small partition gets at least one record."""
    return ceil(records) if records < 1 else floor(records)


def records_between(start: Position, end: Position) -> int:
    """The number of offsets from one position to another, over all partitions."""
    return sum(max(0, offset - start.get(partition, 0)) for partition, offset in end.items())
