"""What is normal, and what each pair would flag, against an oracle in plain Python."""

from __future__ import annotations

import json
import math
import random
import statistics
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from itertools import groupby
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from conftest import SettingsOf
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

import calibrate
from cpu_anomaly.calibration.check import check
from cpu_anomaly.calibration.grid import rounded_up, step_of
from cpu_anomaly.calibration.normals import Normal, normals
from cpu_anomaly.calibration.preview import Preview, histogram, previews
from cpu_anomaly.calibration.read import judged, narrow, read_raw, samples_of, windows_of
from cpu_anomaly.calibration.request import Request
from cpu_anomaly.modes import mode_of
from cpu_anomaly.query import classified_windows
from cpu_anomaly.settings import Settings
from cpu_anomaly.sink import results

T0 = 1_700_000_000_000  # a multiple of 500; a Tuesday, 22:13:20 UTC
CPU_USAGE = Path(__file__).parents[3] / "shared" / "data" / "cpu_usage.csv"

Sample = tuple[str, int, float]


def request_of(**changes: Any) -> Request:
    defaults: dict[str, Any] = {
        "file": None,
        "file_has_series": False,
        "since_ms": None,
        "exclude": [],
        "by_key": False,
        "by_hour": False,
        "timezone": "UTC",
        "warn_share": 0.01,
        "error_share": 0.001,
        "min_deviation": 0.1,
        "check": False,
    }
    return Request.of({**defaults, **changes})


def raw_of(spark: SparkSession, given: Sequence[Sample]) -> DataFrame:
    rows = [(key.encode(), f"{time},{cpu!r}".encode()) for key, time, cpu in given]
    return spark.createDataFrame(rows, "key binary, value binary")


def calibrated(
    spark: SparkSession, settings: Settings, request: Request, given: Sequence[Sample]
) -> tuple[dict[tuple[str, ...], dict[Any, Normal]], dict[str, Preview]]:
    kept = raw_of(spark, given).transform(judged(settings)).transform(narrow(settings, request))
    windows = windows_of(settings, request, kept)
    found = normals(settings, request, samples_of(request, kept), windows)
    return found, {each.method: each for each in previews(settings, request, windows, found)}


def means_of(given: Sequence[Sample], window_ms: int = 500) -> dict[tuple[str, int], float]:
    """By series and start of the window."""
    windows: dict[tuple[str, int], list[float]] = {}
    for series, time, cpu in given:
        windows.setdefault((series, time - time % window_ms), []).append(cpu)
    return {key: math.fsum(values) / len(values) for key, values in windows.items()}


def statuses(means: Mapping[tuple[str, int], float], mean: float, stddev: float) -> list[str]:
    """In the order of the windows."""
    scores = [(value - mean) / stddev for _, value in sorted(means.items())]
    return ["ERROR" if score > 2 else "WARN" if score > 1 else "SAFE" for score in scores]


def noise(seed: int, count: int, every_ms: int = 25, series: str = "") -> list[Sample]:
    """Two decimals, as agents write them, with anomalies in between."""
    dice = random.Random(seed)
    return [
        (series, T0 + each * every_ms, round(dice.gauss(14.5, 2.7) + (30 if each % 700 < 40 else 0), 2))
        for each in range(count)
    ]


def mad(values: Sequence[float]) -> float:
    middle = statistics.median(values)
    return statistics.median([abs(value - middle) for value in values])


@pytest.mark.parametrize("seed", [1, 2])
def test_plain_and_robust_are_those_of_an_independent_computation(
    spark: SparkSession, settings_of: SettingsOf, seed: int
) -> None:
    given = noise(seed, 3_000 + seed)
    values = [cpu for _, _, cpu in given]
    found, _ = calibrated(spark, settings_of(), request_of(), given)
    normal = found[()][()]
    assert (normal.samples, normal.windows) == (len(given), len(means_of(given)))
    assert normal.median == pytest.approx(statistics.median(values), abs=1e-12)
    assert normal.mad == pytest.approx(mad(values), abs=1e-9)
    plain, robust = normal.pairs["plain"], normal.pairs["robust"]
    assert (plain.mean, plain.stddev) == (round(statistics.fmean(values), 2), round(statistics.stdev(values), 2))
    assert (robust.mean, robust.stddev) == (round(statistics.median(values), 2), round(1.4826 * mad(values), 2))


@pytest.mark.parametrize(
    ("direction", "warn_share", "error_share"), [("high", 0.01, 0.001), ("low", 0.05, 0.02), ("both", 0.2, 0.0)]
)
def test_target_is_the_smallest_deviation_that_so_few_windows_exceed(
    spark: SparkSession, settings_of: SettingsOf, direction: str, warn_share: float, error_share: float
) -> None:
    given = noise(7, 20_000)
    means = list(means_of(given).values())
    request = request_of(warn_share=warn_share, error_share=error_share)
    found, previewed = calibrated(spark, settings_of(direction=direction), request, given)
    pair, preview = found[()][()].pairs["target"], previewed["target"]
    assert abs(pair.mean - statistics.median(means)) <= 0.006
    differences = [mean - pair.mean for mean in means]
    distances = sorted({"high": each, "low": -each, "both": abs(each)}[direction] for each in differences)

    def exceeded_by(share: float) -> float:
        return distances[len(distances) - math.floor(len(distances) * share) - 1]

    exact = max(exceeded_by(warn_share), exceeded_by(error_share) / 2)
    assert exact < pair.stddev <= exact + 0.0125
    assert preview.warn + preview.error <= warn_share * len(means)
    assert preview.error <= error_share * len(means)


def test_a_preview_counts_what_the_job_would_say(spark: SparkSession, settings_of: SettingsOf) -> None:
    given = noise(4, 6_000)
    means = means_of(given)
    settings = settings_of()
    _, previewed = calibrated(spark, settings, request_of(), given)
    for preview in previewed.values():
        said = statuses(means, preview.mean, preview.stddev)
        assert (preview.windows, preview.warn, preview.error) == (len(said), said.count("WARN"), said.count("ERROR"))
        runs = [len(list(run)) for is_safe, run in groupby(said, lambda status: status == "SAFE") if not is_safe]
        assert preview.longest_run == max(runs, default=0)
        highest = sorted(means.items(), key=lambda item: (-item[1], item[0]))[:3]
        assert [(each.start_ms, each.status) for each in preview.extremes] == [
            (start, statuses({("", start): mean}, preview.mean, preview.stddev)[0]) for (_, start), mean in highest
        ]
        assert (previewed["present"].mean, previewed["present"].stddev) == (14.5, 2.7)


def test_equal_windows_on_the_grid_are_not_beyond_their_own_distance(
    spark: SparkSession, settings_of: SettingsOf
) -> None:
    # 100 windows at 14.84 and 50 at 20.00: 20 - 14.84 is not exactly 5.16 in binary.
    given = [("", T0 + each * 500, 14.84 if each < 100 else 20.0) for each in range(150)]
    _, previewed = calibrated(spark, settings_of(), request_of(), given)
    target = previewed["target"]
    assert (target.mean, target.warn, target.error) == (14.84, 0, 0)


def test_a_deviation_below_the_floor_is_the_floor(spark: SparkSession, settings_of: SettingsOf) -> None:
    given = [("", T0 + each * 500, 3.0) for each in range(40)]
    found, previewed = calibrated(spark, settings_of(), request_of(min_deviation=0.5), given)
    normal = found[()][()]
    assert normal.mad == 0
    assert {(pair.mean, pair.stddev, pair.is_floor) for pair in normal.pairs.values()} == {(3.0, 0.5, True)}
    assert previewed["robust"].warn == 0


def test_one_sample_has_the_floor_and_is_not_enough(spark: SparkSession, settings_of: SettingsOf) -> None:
    found, _ = calibrated(spark, settings_of(), request_of(), [("", T0, 50.0)])
    normal = found[()][()]
    assert (normal.is_enough, normal.samples, normal.pairs["plain"].stddev) == (False, 1, 0.1)


def test_values_of_any_size_are_calibrated(spark: SparkSession, settings_of: SettingsOf) -> None:
    values = [-5_000.25, 0.004, 1e9, 2e9, 3e150 / 4]
    given = [("", T0 + 500 * number, value) for number, value in enumerate(values)]
    found, _ = calibrated(spark, settings_of(), request_of(), given)
    assert found[()][()].median == pytest.approx(1e9, rel=1e-4)


def test_since_and_excluded_times_leave_out_whole_windows(spark: SparkSession, settings_of: SettingsOf) -> None:
    given = [("", T0 + each * 100, float(each)) for each in range(50)]  # ten windows of five
    request = request_of(since_ms=T0 + 600, exclude=[(T0 + 2_499, T0 + 3_001)])
    found, previewed = calibrated(spark, settings_of(), request, given)
    starts = {start for _, start in means_of(given)} - {T0, T0 + 500, T0 + 2_000, T0 + 2_500, T0 + 3_000}
    assert previewed["present"].windows == len(starts)
    assert found[()][()].samples == 5 * len(starts)


def test_each_series_gets_its_own_pair_and_is_judged_by_it(spark: SparkSession, settings_of: SettingsOf) -> None:
    given = [
        *noise(1, 2_000, series="a"),
        *[(key, time, cpu + 55) for key, time, cpu in noise(2, 2_000, series="b")],
        *noise(3, 100, series="few"),
    ]
    found, previewed = calibrated(spark, settings_of(group_by="key"), request_of(by_key=True), given)
    pairs = {group[0]: normal for group, normal in found[("series",)].items()}
    for series in ("a", "b"):
        values = [cpu for key, _, cpu in given if key == series]
        assert pairs[series].pairs["robust"].mean == round(statistics.median(values), 2)
        assert pairs[series].pairs["robust"].stddev == round(1.4826 * mad(values), 2)
    assert not pairs["few"].is_enough
    robust = previewed["robust"]
    # A series with too little data is judged by the present settings, as the job does.
    judged_by = {"few": (14.5, 2.7)} | {
        each: (pairs[each].pairs["robust"].mean, pairs[each].pairs["robust"].stddev) for each in ("a", "b")
    }
    said = [statuses({key: mean}, *judged_by[key[0]])[0] for key, mean in means_of(given).items()]
    assert (robust.windows, robust.warn, robust.error) == (len(said), said.count("WARN"), said.count("ERROR"))


def test_hours_of_the_week_follow_the_clock_on_the_wall(spark: SparkSession, settings_of: SettingsOf) -> None:
    # Around the change to summer time in Berlin, 2026-03-29, 01:00 UTC.
    zone = ZoneInfo("Europe/Berlin")
    begin = datetime(2026, 3, 28, 22, 30, tzinfo=timezone.utc)
    times = [begin + timedelta(minutes=each) for each in range(300)]
    given = [("", round(time.timestamp() * 1000), float(time.hour)) for time in times]
    request = request_of(by_hour=True, timezone="Europe/Berlin")
    found, _ = calibrated(spark, settings_of(), request, given)
    expected: dict[int, int] = {}
    for time in times:
        local = time.astimezone(zone)
        hour = local.weekday() * 24 + local.hour
        expected[hour] = expected.get(hour, 0) + 1
    assert {hour: normal.windows for (hour,), normal in found[("hour",)].items()} == expected
    assert 6 * 24 + 2 not in expected  # that hour did not exist


def test_series_and_hours_have_the_series_as_fall_back(spark: SparkSession, settings_of: SettingsOf) -> None:
    given = noise(1, 1_000, every_ms=10_000, series="a")
    request = request_of(by_key=True, by_hour=True)
    found, _ = calibrated(spark, settings_of(group_by="key"), request, given)
    assert list(found) == [(), ("series",), ("series", "hour")]
    assert list(found[("series",)]) == [("a",)]
    assert {group[1] for group in found[("series", "hour")]} == {46, 47, 48}


@pytest.mark.parametrize("values", [[3.0], [1.0, 2.0, 99.5], [-4.0, 0.0, 4.0], [1e6, -1e6]])
def test_a_histogram_has_every_window_in_at_most_forty_bins(spark: SparkSession, values: Sequence[float]) -> None:
    found = histogram(spark.createDataFrame([(value,) for value in values], "mean double"))
    assert sum(found["counts"]) == len(values)
    assert len(found["counts"]) <= 41
    for value in values:
        assert found["counts"][math.floor((value - found["start"]) / found["width"])] > 0


@pytest.mark.parametrize(("min_deviation", "step"), [(0.1, 0.01), (5.0, 0.01), (0.001, 0.0001), (0.03, 0.001)])
def test_the_step_is_finer_than_the_floor(min_deviation: float, step: float) -> None:
    assert step_of(min_deviation) == pytest.approx(step)


def test_rounding_up_leaves_room_for_binary_fractions() -> None:
    assert [rounded_up(value, 0.01) for value in (0.0, 5.155, 5.16, 0.29)] == [0.01, 5.16, 5.17, 0.3]


def test_check_finds_no_difference_to_what_the_job_has_said_last(spark: SparkSession, settings_of: SettingsOf) -> None:
    settings = settings_of(group_by="key")
    given = [*noise(1, 1_000, series="a"), *noise(2, 1_000, series="b|c")]
    found = checked(spark, settings, given, said_of(spark, settings, given))
    assert (found["compared"], found["differing"], found["first"]) == (len(means_of(given)), 0, [])
    assert found["predicted_error"] == found["said_error"] > 0
    assert found["predicted_samples"] == 2_000


def test_check_names_windows_that_differ_or_are_missing(spark: SparkSession, settings_of: SettingsOf) -> None:
    settings = settings_of()
    given = noise(1, 1_000)
    said = said_of(spark, settings, given)
    key, value = (
        F.col("key").cast("string"),
        F.regexp_replace(F.col("value").cast("string"), '"count":20', '"count":19'),
    )
    fewer = said.filter((key == f"|{T0 + 2_000}") & (F.col("offset") == 1)).withColumn("value", value.cast("binary"))
    without = said.filter(key != f"|{T0 + 1_000}")
    later = fewer.withColumn("offset", F.lit(10**6).cast("bigint"))
    found = checked(spark, settings, given, without.union(later))
    assert found["differing"] == 2
    missing = next(each for each in found["first"] if each["said"] is None)
    assert (missing["start_ms"], missing["predicted"]["count"]) == (T0 + 1_000, 20)
    other = next(each for each in found["first"] if each["said"])
    assert (other["said"]["count"], other["predicted"]["count"]) == (19, 20)


def said_of(spark: SparkSession, settings: Settings, given: Sequence[Sample]) -> DataFrame:
    """The output topic of a job that has written half of each window first."""
    steps = classified_windows(settings, mode_of(settings), F.lit(T0 + 10**9))
    written = [
        (row["key"].encode(), row["value"].encode(), offset)
        for offset, part in enumerate((given[::2], given))
        for row in raw_of(spark, part).transform(steps).transform(results(settings)).collect()
    ]
    return spark.createDataFrame(written, "key binary, value binary, offset bigint")


def checked(spark: SparkSession, settings: Settings, given: Sequence[Sample], output: DataFrame) -> dict[str, Any]:
    request = request_of(check=True)
    kept = raw_of(spark, given).transform(judged(settings)).transform(narrow(settings, request))
    return check(settings, request, windows_of(settings, request, kept), output)


def events_of(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_file_is_reported_line_by_line(
    spark: SparkSession, settings_of: SettingsOf, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "samples.csv"
    lines = [f"{time},{cpu}\r" for _, time, cpu in noise(1, 1_000)]
    # Only the first line is a header.
    file.write_text("\n".join(["time_millis,cpu\r", *lines, "no,sample"]) + "\n", encoding="utf-8")
    calibrate.calibrate(spark, settings_of(), request_of(file=str(file)))
    events = events_of(capsys)
    assert [each["event"] for each in events] == ["input", "normal", *["preview"] * 4, "histogram", "done"]
    assert events[0] == {
        "event": "input",
        "samples": 1_000,
        "rejected": {"bad_timestamp": 1},
        "windows": 50,
        "series": 1,
        "first_ms": T0,
        "last_ms": T0 + 24_500,
    }


def test_without_a_sample_nothing_is_computed(
    spark: SparkSession, settings_of: SettingsOf, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "none.csv"
    file.write_text("a;b\n", encoding="utf-8")
    calibrate.calibrate(spark, settings_of(), request_of(file=str(file)))
    assert [(each["event"], each.get("samples")) for each in events_of(capsys)] == [("input", 0), ("done", None)]


@pytest.mark.skipif(not CPU_USAGE.exists(), reason=f"{CPU_USAGE.name} is not here")
def test_the_known_figures_of_the_original_data(
    spark: SparkSession, settings_of: SettingsOf, capsys: pytest.CaptureFixture[str]
) -> None:
    calibrate.calibrate(spark, settings_of(), request_of(file=str(CPU_USAGE)))
    events = events_of(capsys)
    by_method = {each["method"]: each for each in events if each["event"] == "preview"}
    assert (events[0]["samples"], events[0]["windows"]) == (10_000, 21)
    figures = {
        method: tuple(each[name] for name in ("mean", "stddev", "warn", "error")) for method, each in by_method.items()
    }
    assert figures["present"] == (14.5, 2.7, 0, 3)
    assert figures["plain"] == (17.68, 12.52, 2, 1)
    assert figures["robust"] == (14.84, 3.14, 0, 3)
    assert sum(events[-2]["counts"]) == 21


def test_a_file_may_have_series(spark: SparkSession, settings_of: SettingsOf, tmp_path: Path) -> None:
    file = tmp_path / "samples.csv"
    file.write_text(f'{T0},10,web 1\n{T0},90,a,"b"\n', encoding="utf-8")
    raw = read_raw(spark, settings_of(), request_of(file=str(file), file_has_series=True), {})
    found = [(bytes(row["key"]).decode(), bytes(row["value"]).decode()) for row in raw.collect()]
    assert sorted(found) == [('a,"b"', f"{T0},90"), ("web 1", f"{T0},10")]
