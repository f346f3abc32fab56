"""What `calibrate` is asked for: names and types are a contract with `orchestrator/src/calibrate/protocol.ts`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Request:
    """Times are in ms since 1970, shares from 0 to 1, `min_deviation` in percent."""

    # Read instead of the input topic.
    file: str | None
    # The series of a sample is after the second comma of its line.
    file_has_series: bool
    since_ms: int | None
    # Windows that overlap one of these times, from inclusive and to exclusive, are left out.
    exclude: Sequence[tuple[int, int]]
    by_key: bool
    by_hour: bool
    # In which the hours of the week are counted.
    timezone: str
    warn_share: float
    error_share: float
    min_deviation: float
    # Compare with what the output topic says, instead of computing what is normal.
    check: bool

    @staticmethod
    def of(given: Mapping[str, Any]) -> Request:
        ranges = [(int(start), int(end)) for start, end in given["exclude"]]
        return Request(**{**given, "exclude": ranges})

    @property
    def dimensions(self) -> list[str]:
        """The columns by which samples and windows are grouped."""
        return [*(["series"] if self.by_key else []), *(["hour"] if self.by_hour else [])]

    @property
    def levels(self) -> list[tuple[str, ...]]:
        """The groups that get a pair each, coarsest first: all samples; with both dimensions each series, then each
        hour of each series.
        """
        finer: list[tuple[str, ...]] = [tuple(self.dimensions)] if self.dimensions else []
        series: list[tuple[str, ...]] = [("series",)] if len(self.dimensions) > 1 else []
        return [(), *series, *finer]
