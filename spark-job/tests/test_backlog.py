"""How far apart in time the batches of a backlog are."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

import pytest

from cpu_anomaly.backlog import (
    MAX_STATE_ROWS,
    Backlog,
    Probe,
    batch_ends,
    longest_ms,
    spread_ms,
)
from cpu_anomaly.consumer import RECORDS_PER_PLACE

MINUTE = 60_000
HOUR = 60 * MINUTE
# The time of the sample at each offset of a partition.
Times = Mapping[str, list[int]]


def probes_of(backlog: Backlog, times: Times) -> list[Probe]:
    found = []
    for place in backlog.places():
        for partition, offset in place.items():
            here = times[partition][offset : offset + RECORDS_PER_PLACE]
            found.append(Probe(partition, offset, min(here), max(here), len(here), len(here), [partition]))
    return found


def backlog_of(times: Times, limit: int) -> Backlog:
    start = dict.fromkeys(times, 0)
    end = {partition: len(each) for partition, each in times.items()}
    return Backlog(start, end, batch_ends(start, end, limit))


def true_spread(backlog: Backlog, times: Times) -> int:
    """The answer that a look at every sample gives."""
    gaps = [0]
    for at in backlog.batch_ends:
        read = [time for each, all_times in times.items() for time in all_times[: at[each]]]
        unread = [time for each, all_times in times.items() for time in all_times[at[each] :]]
        if read and unread:
            gaps.append(max(read) - min(unread))
    return max(gaps)


def last(duration: int, count: int) -> list[int]:
    """Times in order that end where those of every other partition end."""
    return [10 * HOUR - duration + duration * nth // count for nth in range(count)]


def shuffled(times: list[int]) -> list[int]:
    return random.Random(7).sample(times, len(times))


@pytest.mark.parametrize(
    "times",
    [
        pytest.param({"0": last(HOUR, 3600), "1": last(10 * MINUTE, 600)}, id="another length of time"),
        pytest.param(
            {"0": last(HOUR, 3600), "1": last(10 * MINUTE, 3600), "2": last(5 * HOUR, 500), "3": last(HOUR, 36)},
            id="four partitions",
        ),
        pytest.param(
            {"0": last(HOUR, 3600), "1": [time - 3 * HOUR for time in last(HOUR, 3600)]}, id="another time of day"
        ),
        pytest.param({"0": last(HOUR, 3600)[::-1]}, id="newest first"),
        pytest.param({"0": last(HOUR, 2000) + last(2 * HOUR, 2000)}, id="two files"),
        pytest.param({"0": last(HOUR, 3600), "1": []}, id="one partition is empty"),
    ],
)
def test_spread_covers_what_later_batches_hold_and_hardly_more(times: Times) -> None:
    backlog = backlog_of(times, 1000)
    span = max(map(max, filter(None, times.values()))) - min(map(min, filter(None, times.values())))
    found, truth = spread_ms(backlog, probes_of(backlog, times)), true_spread(backlog, times)
    assert truth <= found <= truth + span / 8


@pytest.mark.parametrize("few", [3, 100, 1000])
def test_spread_covers_a_small_partition_beside_a_large_one(few: int) -> None:
    times = {"0": last(HOUR, 9_000), "1": last(HOUR, few)}
    backlog = backlog_of(times, 1000)
    assert spread_ms(backlog, probes_of(backlog, times)) >= true_spread(backlog, times)


def test_spread_of_shuffled_samples_is_nearly_all_of_their_time() -> None:
    times = {"0": shuffled(last(HOUR, 5_000))}
    backlog = backlog_of(times, 1000)
    assert spread_ms(backlog, probes_of(backlog, times)) >= true_spread(backlog, times) * 0.98


@pytest.mark.parametrize("limit", [1000, 5000])
def test_one_partition_in_order_needs_no_longer_delay(limit: int) -> None:
    times = {"0": last(HOUR, 3600)}
    backlog = backlog_of(times, limit)
    assert spread_ms(backlog, probes_of(backlog, times)) == 0


def test_without_samples_there_is_no_spread() -> None:
    backlog = backlog_of({"0": last(HOUR, 3600)}, 1000)
    assert (spread_ms(backlog, []), longest_ms(backlog, [], 500)) == (0, 0)


@pytest.mark.parametrize(
    ("end", "ends"),
    [
        # Shares are rounded down, but a partition that has records gets at least one.
        ({"0": 3600, "1": 600}, [{"0": 857, "1": 142}, {"0": 1713, "1": 285}]),
        ({"0": 9000, "1": 3}, [{"0": 999, "1": 1}, {"0": 1998, "1": 2}, {"0": 2997, "1": 3}, {"0": 3997, "1": 3}]),
    ],
)
def test_batches_end_where_spark_ends_them(end: Mapping[str, int], ends: list[Mapping[str, int]]) -> None:
    assert batch_ends({"0": 0, "1": 0}, end, 1000)[1 : len(ends) + 1] == ends


def test_last_batch_ends_at_the_end_however_many_there_are() -> None:
    end = {"0": 10_000_000, "1": 1}
    ends = batch_ends({"0": 5, "1": 1}, end, 1000)
    assert (len(ends) < 300, ends[-1]) == (True, end)


def test_places_include_the_first_and_the_last_records() -> None:
    backlog = Backlog({"0": 100, "1": 7, "2": 0}, {"0": 1700, "1": 7, "2": 3}, [])
    places = list(backlog.places())
    assert (places[0], places[-1]) == ({"0": 100, "2": 0}, {"0": 1700 - RECORDS_PER_PLACE, "2": 0})
    assert len(places) == 17


def many_series(duration: int, count: int, series: Callable[[int], str]) -> tuple[Backlog, list[Probe]]:
    backlog = backlog_of({"0": last(duration, count)}, 1000)
    probes = probes_of(backlog, {"0": last(duration, count)})
    return backlog, [
        Probe(probe.partition, probe.offset, probe.oldest_ms, probe.newest_ms, 50, 50, [series(nth)])
        for nth, probe in enumerate(probes)
    ]


@pytest.mark.parametrize(
    ("series", "window_ms", "longest"),
    [
        (lambda _: "a", 500, MAX_STATE_ROWS * 500),
        (str, 10_000, MAX_STATE_ROWS * 10_000 // 17),
    ],
)
def test_state_bounds_the_delay(series: Callable[[int], str], window_ms: int, longest: int) -> None:
    backlog, probes = many_series(HOUR, 100_000, series)
    assert longest_ms(backlog, probes, window_ms) == pytest.approx(longest, rel=1e-6)


def test_there_are_no_more_windows_than_samples() -> None:
    backlog, probes = many_series(1000 * HOUR, 10_000, lambda _: "a")
    assert longest_ms(backlog, probes, 500) > 1000 * HOUR
