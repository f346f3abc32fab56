"""A backlog, and where Spark cuts it into batches."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

import pytest

from cpu_anomaly.backlog import MAX_STRETCHES, Backlog, batch_ends
from cpu_anomaly.consumer import RECORDS_PER_PLACE


@pytest.mark.parametrize(
    ("end", "ends"),
    [
        # Shares are rounded down, but a partition that has records gets at least one.
        ({"0": 3600, "1": 600}, [{"0": 857, "1": 142}, {"0": 1713, "1": 285}]),
        ({"0": 9000, "1": 3}, [{"0": 999, "1": 1}, {"0": 1998, "1": 2}, {"0": 2997, "1": 3}, {"0": 3997, "1": 3}]),
    ],
)
def test_batches_end_where_spark_ends_them(end: Mapping[str, int], ends: list[Mapping[str, int]]) -> None:
    assert list(islice(batch_ends({"0": 0, "1": 0}, end, 1000), len(ends))) == ends


def test_last_batch_ends_at_the_end() -> None:
    end = {"0": 1_000_000, "1": 1}
    ends = list(batch_ends({"0": 5, "1": 1}, end, 1000))
    assert (len(ends), ends[-1]) == (1000, end)


def test_batch_that_is_planned_comes_first() -> None:
    backlog = Backlog({"0": 3}, {"0": 303}, 100, {"0": 90})
    assert list(backlog.batch_ends()) == [{"0": 90}, {"0": 190}, {"0": 290}, {"0": 303}]


def test_places_include_the_first_and_the_last_records() -> None:
    backlog = Backlog({"0": 100, "1": 7, "2": 0}, {"0": 1700, "1": 7, "2": 3}, 1000)
    places = list(backlog.places())
    assert (places[0], places[-1]) == ({"0": 100, "2": 0}, {"0": 1700 - RECORDS_PER_PLACE, "2": 0})
    assert len(places) == 65


@pytest.mark.parametrize("partitions", [1, 3, 100])
@pytest.mark.parametrize("size", [1, 10, 999_983])
def test_stretches_cover_a_partition(partitions: int, size: int) -> None:
    start = {str(each): 7 for each in range(partitions)}
    backlog = Backlog(start, dict.fromkeys(start, 7 + size), 1000)
    starts = [backlog.stretch_start("0", number) for number in range(backlog.stretches + 1)]
    assert (starts[0], starts[-1], starts) == (7, 7 + size, sorted(starts))
    assert backlog.stretches * partitions <= MAX_STRETCHES
