"""Late samples by series. Bounded: the series that lost the most, and all others together."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from cpu_anomaly.event_log import iso_time

# Series in the ledger, and in a line of the driver's log.
MAX_SERIES = 20
MAX_LOGGED_SERIES = 5
MAX_LOGGED_NAME = 64


@dataclass(frozen=True)
class Late:
    """Late samples of a series, and their oldest and newest time, in ms since 1970.

    `series` is None for all further series together. A series that moved there and comes back starts at 0 again.
    """

    series: str | None
    samples: int
    first_ms: int
    last_ms: int

    def plus(self, other: Late) -> Late:
        return replace(
            self,
            samples=self.samples + other.samples,
            first_ms=min(self.first_ms, other.first_ms),
            last_ms=max(self.last_ms, other.last_ms),
        )


def add_up(late: Iterable[Late]) -> list[Late]:
    """One entry per series, the most samples first; the last entry is that of all further series, if any."""
    sums: dict[str | None, Late] = {}
    for each in late:
        sums[each.series] = sums[each.series].plus(each) if each.series in sums else each
    rest = sums.pop(None, None)
    named = sorted(sums.values(), key=lambda each: (-each.samples, each.series))
    for each in named[MAX_SERIES:]:
        rest = rest.plus(each) if rest else replace(each, series=None)
    return [*named[:MAX_SERIES], *([rest] if rest else [])]


def describe(late: Sequence[Late]) -> dict[str, object]:
    """Fields for the driver's log; none if nothing is late. Series as [[name, samples], ...], the most first."""
    if not late:
        return {}
    logged = [each for each in late if each.series is not None][:MAX_LOGGED_SERIES]
    return {
        "late_first": iso_time(min(each.first_ms for each in late) / 1000),
        "late_last": iso_time(max(each.last_ms for each in late) / 1000),
        "late_series": json.dumps([[str(each.series)[:MAX_LOGGED_NAME], each.samples] for each in logged]),
        "late_other": sum(each.samples for each in late) - sum(each.samples for each in logged),
    }
