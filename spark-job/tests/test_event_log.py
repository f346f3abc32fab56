"""The lines of the driver's log."""

from __future__ import annotations

import io
import json
import re

import pytest

from cpu_anomaly.event_log import EventLog, iso_time, log_value

LINE = re.compile(
    r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [a-zA-Z_]+( [a-z_]+=(\"[^\"\\\n]*(\\.[^\"\\\n]*)*\"|\S*))*\n\Z"
)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, ""), (1.5, "1.5"), (7, "7"), ("plain", "plain"), ("", ""), ("two words", '"two words"'), ("a=b", '"a=b"')],
)
def test_value_is_shown_as_it_is_if_that_is_unambiguous(value: object, shown: str) -> None:
    assert log_value(value) == shown


@pytest.mark.parametrize("text", ["x\n2020-01-01T00:00:00.000Z failed", '"', "\\", "\x1b[2J", "\u2028", "ü", "\x7f"])
def test_no_record_can_forge_a_line(text: str) -> None:
    out = io.StringIO()
    EventLog(out).write("WARN", series=text, mean=1.0)
    assert LINE.match(out.getvalue())
    assert out.getvalue().isascii()
    quoted = out.getvalue().split("series=", 1)[1].rsplit(" mean=", 1)[0]
    assert json.loads(quoted) == text


def test_time_is_utc_with_milliseconds() -> None:
    assert iso_time(1_509_009_796) == "2017-10-26T09:23:16.000Z"
    assert iso_time(1_509_009_796.5004) == "2017-10-26T09:23:16.500Z"
