"""How far apart in time the batches of a backlog are."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest

from cpu_anomaly.backlog import Backlog, Probe, Stretch
from cpu_anomaly.consumer import RECORDS_PER_PLACE
from cpu_anomaly.spread import (
    MAX_STATE_ROWS,
    is_in_order,
    late_at_most,
    longest_ms,
    reach_ms,
    spread_at_any_speed_ms,
    spread_in_order_ms,
    spread_ms,
)

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DELAY = 10 * SECOND
# The time of the sample at each offset of a partition.
Times = Mapping[str, list[int]]


def probes_of(backlog: Backlog, times: Times) -> list[Probe]:
    found, read = [], dict.fromkeys(times, 0)
    for place in backlog.places():
        for partition, offset in place.items():
            here = times[partition][max(offset, read[partition]) : offset + RECORDS_PER_PLACE]
            read[partition] = offset + RECORDS_PER_PLACE
            if here:
                found.append(Probe(partition, offset, min(here), max(here)))
    return found


def stretches_of(backlog: Backlog, times: Times) -> list[Stretch]:
    found = []
    for partition in backlog.unread:
        for number in range(backlog.stretches):
            start, end = (backlog.stretch_start(partition, each) for each in (number, number + 1))
            if here := times[partition][start:end]:
                found.append(Stretch(partition, start, end, min(here), max(here), len(here)))
    return found


def backlog_of(times: Times, limit: int = 1000) -> Backlog:
    return Backlog(dict.fromkeys(times, 0), {partition: len(each) for partition, each in times.items()}, limit)


def true_spread(backlog: Backlog, times: Times) -> int:
    """The answer that a look at every sample gives."""
    gaps = [0]
    for at in backlog.batch_ends():
        read = [time for each, all_times in times.items() for time in all_times[: at[each]]]
        unread = [time for each, all_times in times.items() for time in all_times[at[each] :]]
        if read and unread:
            gaps.append(max(read) - min(unread))
    return max(gaps)


def late(backlog: Backlog, times: Times, delay_ms: int, window_ms: int = 500) -> int:
    """How many samples Spark finds late, from the rule in docs/reference.md."""
    at, newest, count = backlog.start, 0, 0
    for end in backlog.batch_ends():
        batch = [
            time - time % window_ms for each, all_times in times.items() for time in all_times[at[each] : end[each]]
        ]
        count += sum(time + window_ms <= newest - delay_ms for time in batch)
        at, newest = end, max([newest, *batch])
    return count


def last(duration: int, count: int) -> list[int]:
    """Times in order that end where those of every other partition end."""
    return [1000 * HOUR - duration + duration * nth // count for nth in range(count)]


def span_of(times: Times) -> int:
    every = [time for each in times.values() for time in each]
    return max(every) - min(every)


def shuffled(times: list[int]) -> list[int]:
    return random.Random(7).sample(times, len(times))


IN_ORDER = [
    pytest.param({"0": last(HOUR, 3600)}, id="one partition"),
    pytest.param({"0": last(HOUR, 3600), "1": last(10 * MINUTE, 600)}, id="another length of time"),
    pytest.param(
        {"0": last(HOUR, 3600), "1": last(10 * MINUTE, 3600), "2": last(5 * HOUR, 500), "3": last(HOUR, 36)},
        id="four partitions",
    ),
    pytest.param(
        {"0": last(HOUR, 3600), "1": [time - 3 * HOUR for time in last(HOUR, 3600)]}, id="another time of day"
    ),
    pytest.param({"0": last(HOUR, 3600), "1": []}, id="one partition is empty"),
]
SMALL = [
    pytest.param({"0": last(HOUR, 9_000), "1": last(HOUR, count)}, id=f"{count} records")
    for count in (3, 15, 100, 1000)
]

IN_NO_ORDER = [
    pytest.param({"0": last(HOUR, 3600)[::-1]}, id="newest first"),
    pytest.param({"0": last(HOUR, 2000) + last(2 * HOUR, 2000)}, id="two files"),
    pytest.param({"0": last(HOUR, 3000) * 3}, id="three files"),
    pytest.param({"0": last(HOUR, 4000) * 3, "1": last(HOUR, 4000) * 3}, id="three files in each of two partitions"),
    pytest.param({"0": shuffled(last(HOUR, 5_000))}, id="shuffled"),
    pytest.param({"0": last(24 * HOUR, 9_000) + last(23 * HOUR, 400)}, id="an hour sent again"),
]


@pytest.mark.parametrize("times", IN_ORDER)
def test_places_are_enough_for_a_backlog_in_order(times: Times) -> None:
    backlog = backlog_of(times)
    probes, truth = probes_of(backlog, times), true_spread(backlog, times)
    assert is_in_order(probes, DELAY)
    assert truth <= spread_in_order_ms(backlog, probes) <= truth + span_of(times) / 16


@pytest.mark.parametrize("times", SMALL)
def test_spread_covers_a_small_partition_beside_a_large_one(times: Times) -> None:
    backlog = backlog_of(times)
    probes, truth = probes_of(backlog, times), true_spread(backlog, times)
    assert is_in_order(probes, DELAY)
    assert truth <= spread_in_order_ms(backlog, probes)
    assert truth <= spread_ms(backlog, stretches_of(backlog, times))


@pytest.mark.parametrize("times", IN_NO_ORDER)
def test_places_show_that_a_backlog_is_in_no_order(times: Times) -> None:
    assert not is_in_order(probes_of(backlog_of(times), times), DELAY)


@pytest.mark.parametrize("times", [*IN_ORDER, *IN_NO_ORDER])
def test_spread_covers_what_later_batches_hold_and_hardly_more(times: Times) -> None:
    backlog = backlog_of(times)
    truth = true_spread(backlog, times)
    assert truth <= spread_ms(backlog, stretches_of(backlog, times)) <= truth + span_of(times) / 100


def random_files(chance: random.Random) -> Times:
    """Sorted files of several hosts, one after the other."""
    partitions = chance.choice([1, 1, 2, 4])
    times: dict[str, list[int]] = {str(each): [] for each in range(partitions)}
    for _ in range(chance.randint(2, 9)):
        start, step = 1000 * HOUR + chance.randrange(HOUR), chance.choice([1, 5, 15]) * SECOND
        times[str(chance.randrange(partitions))] += [start + step * nth for nth in range(chance.randint(1000, 6000))]
    return times


@pytest.mark.parametrize("seed", range(60))
def test_no_sample_of_files_one_after_the_other_is_late(seed: int) -> None:
    chance = random.Random(seed)
    times = random_files(chance)
    backlog = backlog_of(times, chance.choice([500, 1000, 2000]))
    probes = probes_of(backlog, times)
    spread = (
        spread_in_order_ms(backlog, probes)
        if is_in_order(probes, DELAY)
        else spread_ms(backlog, stretches_of(backlog, times))
    )
    assert late(backlog, times, DELAY + spread) == 0


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("share", [0, 0.5, 0.9])
def test_no_more_samples_are_late_than_was_said(seed: int, share: float) -> None:
    chance = random.Random(seed)
    times = random_files(chance)
    backlog = backlog_of(times)
    stretches = stretches_of(backlog, times)
    delay = DELAY + int(spread_ms(backlog, stretches) * share)
    truth, told = late(backlog, times, delay), late_at_most(backlog, stretches, delay)
    assert truth <= told <= truth + backlog.records / 10


def test_without_samples_there_is_no_spread() -> None:
    backlog = backlog_of({"0": last(HOUR, 3600)})
    assert (spread_ms(backlog, []), spread_in_order_ms(backlog, []), spread_at_any_speed_ms([])) == (0, 0, 0)
    assert reach_ms([], HOUR) == 0


@pytest.mark.parametrize(("apart_ms", "is_ordered"), [(DELAY, True), (DELAY + 1, False)])
def test_what_the_delay_covers_is_in_order(apart_ms: int, is_ordered: bool) -> None:
    times = [0, HOUR, HOUR + MINUTE, HOUR + MINUTE - apart_ms, 2 * HOUR]
    probes = [Probe("0", 100 * nth, time, time) for nth, time in enumerate(times)]
    assert is_in_order(probes[::-1], DELAY) is is_ordered


LIVE = [1000 * HOUR + 50 * nth for nth in range(320)]
LATEST = LIVE[-1] + MINUTE
LAST_YEAR = [time - 365 * 24 * HOUR for time in last(24 * HOUR, 1000) * 3]


@pytest.mark.parametrize("arrivals", [1, 20, 300])
@pytest.mark.parametrize("old", [last(HOUR, 3600), last(HOUR, 3000) * 3, LAST_YEAR], ids=["hour", "files", "last year"])
def test_reach_covers_what_arrives_in_a_partition_that_has_nothing_else_to_read(old: list[int], arrivals: int) -> None:
    look, truth = {"0": old, "1": []}, {"0": old, "1": LIVE[:arrivals]}
    backlog = backlog_of(look)
    assert backlog.can_be_overtaken
    assert late(backlog_of(truth), truth, DELAY + reach_ms(probes_of(backlog, look), LATEST)) == 0


@pytest.mark.parametrize("arrivals", [1, 20, 300])
@pytest.mark.parametrize("before", [0, 1, 20])
def test_what_arrives_while_all_is_read_counts_as_new(before: int, arrivals: int) -> None:
    look = {"0": LAST_YEAR, "1": LIVE[:before]}
    truth = {"0": LAST_YEAR, "1": LIVE[: before + arrivals]}
    backlog, later = backlog_of(look), backlog_of(truth)
    arrived = later.arrived_since(backlog, LATEST)
    assert [(each.partition, each.start, each.end) for each in arrived] == [("1", before, before + arrivals)]
    spread = spread_ms(later, [*stretches_of(backlog, look), *arrived])
    assert (
        late(later, truth, DELAY + max(spread, later.can_be_overtaken * reach_ms(stretches_of(backlog, look), LATEST)))
        == 0
    )


@pytest.mark.parametrize(
    ("series", "window_ms", "longest"), [(1, 500, 250_000_000), (1000, 500, 250_000), (0, 1, 500_000)]
)
def test_state_bounds_the_delay(series: int, window_ms: int, longest: int) -> None:
    assert MAX_STATE_ROWS == 500_000
    assert longest_ms(series, window_ms) == longest


@pytest.mark.parametrize(
    ("times", "spread"),
    [
        ({"0": [1, 5, 9]}, 0),
        ({"0": [1, 9, 5, 10]}, 4),
        ({"0": [1, 9], "1": [5, 7]}, 8 - 2),
        ({"0": [1, 9], "1": [5, 12]}, 12 - 1),
    ],
)
def test_spread_at_any_speed_is_that_of_partitions_that_are_read_one_after_the_other(times: Times, spread: int) -> None:
    probes = [Probe(each, offset, at, at) for each, of_one in times.items() for offset, at in enumerate(of_one)]
    assert spread_at_any_speed_ms(probes) == spread
