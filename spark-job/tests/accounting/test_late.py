"""Late samples by series: sums, bounds, and what the log shows of them."""

from __future__ import annotations

import json

from cpu_anomaly.accounting.late import MAX_LOGGED_NAME, MAX_LOGGED_SERIES, MAX_SERIES, Late, add_up, describe


def test_samples_of_a_series_add_up_and_the_most_come_first() -> None:
    late = [Late("a", 1, 50, 60), Late("b", 2, 10, 20), Late("a", 4, 40, 55), Late(None, 3, 1, 2), Late(None, 1, 0, 9)]
    assert add_up(late) == [Late("a", 5, 40, 60), Late("b", 2, 10, 20), Late(None, 4, 0, 9)]


def test_series_beyond_the_bound_join_the_rest() -> None:
    late = [Late(f"s{nth}", 100 - nth, nth, nth) for nth in range(MAX_SERIES + 3)]
    *named, rest = add_up(late)
    assert named == late[:MAX_SERIES]
    assert rest == Late(None, 80 + 79 + 78, MAX_SERIES, MAX_SERIES + 2)
    assert add_up([]) == []


def test_log_names_a_few_series_and_counts_the_others() -> None:
    late = [Late("x" * 1000, 9, 5000, 6000), *(Late(f"s{nth}", 2, 0, 1000) for nth in range(7)), Late(None, 30, 0, 1)]
    fields = describe(late)
    assert json.loads(str(fields["late_series"]))[:2] == [["x" * MAX_LOGGED_NAME, 9], ["s0", 2]]
    assert len(json.loads(str(fields["late_series"]))) == MAX_LOGGED_SERIES
    assert (fields["late_first"], fields["late_last"]) == ("1970-01-01T00:00:00.000Z", "1970-01-01T00:00:06.000Z")
    assert fields["late_other"] == 30 + 3 * 2
    assert describe([]) == {}
