"""Which records a broker has lost before the query read them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from cpu_anomaly.lost_records import RecordsLostError, require_unread_records
from cpu_anomaly.topics import Bounds

BOUNDS = Bounds({"0": 5, "1": 0}, {"0": 20, "1": 8})


@pytest.mark.parametrize("position", [{}, {"0": 5, "1": 0}, {"0": 20, "1": 8}, {"0": 5}])
def test_position_within_the_bounds_has_lost_nothing(position: Mapping[str, int]) -> None:
    require_unread_records("in", position, BOUNDS)


@pytest.mark.parametrize(
    ("position", "lost"),
    [
        ({"0": 4, "1": 0}, "partition 0: 1 lost, wanted offset 4, the earliest is 5"),
        ({"1": 0}, "partition 0: 5 lost, wanted offset 0, the earliest is 5"),
        ({"0": 5, "1": 9}, "partition 1: the job has read up to offset 9, but the topic ends at 8"),
        ({"0": 0, "1": 9}, "partition 0: 5 lost, .*; partition 1: the job has read up to offset 9"),
    ],
)
def test_position_outside_the_bounds_names_what_is_lost(position: Mapping[str, int], lost: str) -> None:
    with pytest.raises(RecordsLostError, match=f"^records of topic in were removed .*: {lost}.*`submit"):
        require_unread_records("in", position, BOUNDS)
