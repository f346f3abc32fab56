"""Which normal a window is held against, on batch frames, and the file that says so."""

from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from conftest import SettingsOf
from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from cpu_anomaly.baseline import find_normal, hour_of_week, read_baseline, scale_of, series_in_plan
from cpu_anomaly.modes import mode_of
from cpu_anomaly.query import classified_windows
from cpu_anomaly.settings import ConfigurationError

HEAD = "# cpu-anomaly baseline 1, timezone={}\nseries,hour_of_week,mean,stddev\n"
MONDAY_8 = 1_509_350_400_000  # 2017-10-30T08:00:00Z, hour 8 of the week in UTC


def write(folder: Path, rows: str, zone: str = "UTC") -> str:
    file = folder / "baseline.csv"
    file.write_text(HEAD.format(zone) + rows, encoding="utf-8", newline="")
    return str(file)


def windows(
    spark: SparkSession, settings_of: SettingsOf, file: str | None, given: list[tuple[str, float]]
) -> list[Row]:
    """Of one sample each, at the same time."""
    settings = settings_of(group_by="key", baseline_file=file)
    raw = spark.createDataFrame(
        [(key.encode(), f"{MONDAY_8},{cpu}".encode()) for key, cpu in given], "key binary, value binary"
    )
    judged = raw.transform(classified_windows(settings, mode_of(settings), F.lit(MONDAY_8)))
    return judged.orderBy("series").collect()


def test_hosts_with_different_loads_are_each_held_against_their_own_normal(
    spark: SparkSession, settings_of: SettingsOf, tmp_path: Path
) -> None:
    file = write(tmp_path, "calm,,10,2\nbusy,,70,4\n")
    given = [("calm", 11.0), ("busy", 71.0)]
    found = windows(spark, settings_of, file, given)
    assert [(row["series"], row["status"], row["score"], row["normal"]) for row in found] == [
        ("busy", "SAFE", 0.25, "series"),
        ("calm", "SAFE", 0.5, "series"),
    ]
    swapped = windows(spark, settings_of, file, [("calm", 70.0), ("busy", 75.0)])
    assert [(row["series"], row["status"], row["score"]) for row in swapped] == [
        ("busy", "WARN", 1.25),
        ("calm", "ERROR", 30.0),
    ]
    # Without the baseline the busy one is an anomaly all the time.
    plain = windows(spark, settings_of, None, given)
    assert [(row["series"], row["status"], row["normal"]) for row in plain] == [
        ("busy", "ERROR", "settings"),
        ("calm", "SAFE", "settings"),
    ]


OWN_HOUR, OWN_ANY, ALL_HOUR, ALL_ANY = "a,8,1,0.5", "a,,2,0.5", ",8,3,0.5", ",,4,0.5"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([OWN_HOUR, OWN_ANY, ALL_HOUR, ALL_ANY], (1.0, 0.5, "hour")),
        ([ALL_ANY, ALL_HOUR, OWN_ANY, OWN_HOUR], (1.0, 0.5, "hour")),
        ([OWN_ANY, ALL_HOUR, ALL_ANY], (2.0, 0.5, "series")),
        (["a,7,9,9", "a,9,9,9", OWN_ANY, ALL_HOUR], (2.0, 0.5, "series")),
        (["a,7,9,9", ALL_HOUR, ALL_ANY], (3.0, 0.5, "hour")),
        (["b,8,9,9", "b,,9,9", ALL_HOUR, ALL_ANY], (3.0, 0.5, "hour")),
        (["b,,9,9", ALL_ANY], (4.0, 0.5, "series")),
        ([ALL_ANY], (4.0, 0.5, "series")),
        (["b,,9,9", "a,7,9,9", ",9,9,9"], (14.5, 2.7, "settings")),
        ([], (14.5, 2.7, "settings")),
    ],
)
def test_most_special_row_counts(
    spark: SparkSession,
    settings_of: SettingsOf,
    tmp_path: Path,
    rows: list[str],
    expected: tuple[float, float, str],
) -> None:
    (row,) = windows(spark, settings_of, write(tmp_path, "\n".join(rows)), [("a", 1.0)])
    mean, stddev, _ = expected
    assert (row["normal_mean"], row["normal_stddev"], row["normal"]) == expected
    assert row["score"] == (1.0 - mean) / stddev


def test_names_of_series_are_bytes_for_bytes_those_of_the_file(
    spark: SparkSession, settings_of: SettingsOf, tmp_path: Path
) -> None:
    file = write(tmp_path, '"a,""b""\nc",,1,1\r\nähost,,2,1\r\nA,,3,1\r\n')
    found = windows(spark, settings_of, file, [('a,"b"\nc', 1.0), ("ähost", 1.0), ("A", 1.0), ("a", 1.0), ("", 1.0)])
    assert {row["series"]: row["normal_mean"] for row in found} == {
        'a,"b"\nc': 1.0,
        "ähost": 2.0,
        "A": 3.0,
        "a": 14.5,
        "": 14.5,
    }


def decimals(draw: random.Random, digits: int) -> list[str]:
    return [f"{draw.uniform(-100, 2000):.{digits}f}" for _ in range(500)]


@pytest.mark.parametrize(
    ("means", "scale"),
    [
        *((decimals(random.Random(digits), digits), 10**digits) for digits in range(7)),
        (["2147483646", "-2147483646"], 1),
        (["1", "-2147483648"], None),
        (["17.68", "2147483648"], None),
        (["2147.483646", "2147.4"], 10**6),
        (["17.6", "2147483.648", "0.001"], None),
        (["17.68", "0.0000001"], None),
        (["17.68", "17.677951307", "1e300", "5e-324"], None),
    ],
    ids=lambda value: None if value is None or isinstance(value, int) else value[0],
)
def test_normals_are_exactly_the_doubles_of_the_file(
    spark: SparkSession, settings_of: SettingsOf, tmp_path: Path, means: list[str], scale: int | None
) -> None:
    """Also where they are held as integers. Every second row is for the hour, the others have none for it."""
    hours = ["8", ""]
    file = write(tmp_path, "".join(f"s{nth},{hours[nth % 2]},{mean},2\n" for nth, mean in enumerate(means)))
    found = windows(spark, settings_of, file, [(f"s{nth}", 1.0) for nth in range(len(means))])
    assert {row["series"]: (row["normal_mean"], row["normal_stddev"], row["normal"]) for row in found} == {
        f"s{nth}": (float(mean), 2.0, "series" if nth % 2 else "hour") for nth, mean in enumerate(means)
    }
    assert scale_of(read_baseline(file).series.values()) == scale


def test_rows_are_in_the_plan_in_binary_form(spark: SparkSession, tmp_path: Path) -> None:
    for mean in ("17.5", "0.123456789"):
        series = read_baseline(write(tmp_path, f"a,3,{mean},1\n")).series
        frame = series_in_plan(spark, series, scale_of(series.values()))
        data = cast(Any, frame)._jdf.queryExecution().analyzed().data()
        assert [data.apply(nth).getClass().getSimpleName() for nth in range(data.size())] == ["UnsafeRow"]


def test_only_rows_for_all_series_count_without_series(
    spark: SparkSession, settings_of: SettingsOf, tmp_path: Path
) -> None:
    settings = settings_of(baseline_file=write(tmp_path, ",8,3,0.5\n,,4,1\n"))
    raw = spark.createDataFrame(
        [(b"a", f"{MONDAY_8 - 1},3".encode()), (b"b", f"{MONDAY_8},3".encode())], "key binary, value binary"
    )
    judged = raw.transform(classified_windows(settings, mode_of(settings), F.lit(MONDAY_8)))
    rows = judged.orderBy("window_start").collect()
    assert [(row["series"], row["normal_mean"], row["normal"]) for row in rows] == [
        ("", 4.0, "series"),
        ("", 3.0, "hour"),
    ]
    assert "Join" not in plan_of(judged)


def plan_of(frame: object) -> str:
    return str(frame._jdf.queryExecution().executedPlan())  # type: ignore[attr-defined]


def test_without_a_baseline_nothing_is_joined(spark: SparkSession, settings_of: SettingsOf, tmp_path: Path) -> None:
    raw = spark.createDataFrame([(b"", b"")], "key binary, value binary")

    def plan(file: str | None) -> str:
        settings = settings_of(group_by="key", baseline_file=file)
        return plan_of(raw.transform(classified_windows(settings, mode_of(settings), F.lit(0))))

    assert "Join" not in plan(None)
    with_baseline = plan(write(tmp_path, "a,3,1,1\n"))
    # Of these real-time mode knows how to run each.
    assert "BroadcastHashJoin" in with_baseline
    assert "LocalTableScan" in with_baseline
    # Once for a window, although mean, deviation and name all depend on the hour.
    assert with_baseline.count("from_utc_timestamp") == 1


# The weeks in which Berlin's clocks are set back and forward, a whole week elsewhere, and half hours.
@pytest.mark.parametrize(
    ("zone", "first"),
    [
        ("Europe/Berlin", "2025-10-20"),
        ("Europe/Berlin", "2026-03-23"),
        ("America/New_York", "2026-03-02"),
        ("Asia/Kolkata", "2026-03-02"),
        ("Australia/Lord_Howe", "2026-03-30"),
        ("UTC", "2026-03-23"),
    ],
)
def test_hours_of_the_week_are_those_of_the_zones_clocks(spark: SparkSession, zone: str, first: str) -> None:
    start = datetime.fromisoformat(first).replace(tzinfo=timezone.utc)
    times = [start + timedelta(minutes=10 * nth) for nth in range(14 * 24 * 6)]
    frame = spark.createDataFrame([(round(time.timestamp() * 1000),) for time in times], "ms long")
    rows = frame.select("ms", hour_of_week(F.timestamp_millis("ms"), zone).alias("hour")).collect()
    expected = {}
    for time in times:
        local = time.astimezone(ZoneInfo(zone))
        expected[round(time.timestamp() * 1000)] = local.weekday() * 24 + local.hour
    assert {row["ms"]: row["hour"] for row in rows} == expected
    assert len(set(expected.values())) == 168


def test_hour_that_comes_twice_has_one_normal_and_the_hour_that_is_skipped_none(
    spark: SparkSession, settings_of: SettingsOf, tmp_path: Path
) -> None:
    sunday = 6 * 24
    rows = "".join(f"a,{sunday + hour},{hour + 1},1\n" for hour in range(24))
    settings = settings_of(group_by="key", baseline_file=write(tmp_path, rows, "Europe/Berlin"))

    def means(*times: str) -> list[float]:
        frame = spark.createDataFrame(
            [("a", datetime.fromisoformat(time)) for time in times], "series string, window_start timestamp"
        )
        found = frame.transform(find_normal(settings)).orderBy("window_start").collect()
        return [row["normal_mean"] for row in found]

    # 02:00 summer time, 02:00 winter time, 03:00.
    assert means("2025-10-26T00:30:00+00:00", "2025-10-26T01:30:00+00:00", "2025-10-26T02:30:00+00:00") == [3, 3, 4]
    # 01:00 winter time, 03:00 summer time.
    assert means("2026-03-29T00:30:00+00:00", "2026-03-29T01:30:00+00:00") == [2, 4]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "its first line is not that of a baseline"),
        ("# cpu-anomaly baseline 2, timezone=UTC\n", "its first line is not that of a baseline"),
        (
            "# cpu-anomaly baseline 1, timezone=UTC\nseries,mean\n",
            "its columns are not series,hour_of_week,mean,stddev",
        ),
        (HEAD.format("UTC") + "a,x,1,1\n", "invalid literal"),
        (HEAD.format("UTC") + "a,1,1\n", "not enough values to unpack"),
        (HEAD.format("UTC") + "a,168,1,1\n", "index out of range"),
        (HEAD.format("UTC") + '"a,1,1,1\n', "unexpected end of data"),
    ],
)
def test_file_that_is_none_is_an_error_of_the_configuration(tmp_path: Path, text: str, problem: str) -> None:
    file = tmp_path / "baseline.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=f"^the baseline cannot be read: .*{problem}"):
        read_baseline(str(file))


def test_time_zone_that_java_does_not_know_is_an_error_of_the_configuration(
    spark: SparkSession, settings_of: SettingsOf, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match="time zone Nowhere/Town is not one that this Java knows"):
        windows(spark, settings_of, write(tmp_path, ",,1,1\n", "Nowhere/Town"), [("a", 1.0)])


def test_missing_file_is_an_error_of_the_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"^the baseline cannot be read: .*no-such-file"):
        read_baseline(str(tmp_path / "no-such-file"))
