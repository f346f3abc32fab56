"""The driver's log, and what its end means."""

from __future__ import annotations

import io
import json
import re

import pytest
from pyspark.errors import AnalysisException

from cpu_anomaly.accounting.checkpoint import CheckpointError
from cpu_anomaly.event_log import EventLog, log_value
from cpu_anomaly.failures import diagnose
from cpu_anomaly.settings import ConfigurationError
from cpu_anomaly.topics import TopicReplacedError

LINE = re.compile(
    r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [a-zA-Z_]+( [a-z_]+=(\"[^\"\\\n]*(\\.[^\"\\\n]*)*\"|\S*))*\n\Z"
)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, ""), (1.5, "1.5"), (7, "7"), ("plain", "plain"), ("", ""), ("two words", '"two words"'), ("a=b", '"a=b"')],
)
def test_value_is_shown_as_it_is_where_that_is_unambiguous(value: object, shown: str) -> None:
    assert log_value(value) == shown


@pytest.mark.parametrize("text", ["x\n2020-01-01T00:00:00.000Z failed", '"', "\\", "\x1b[2J", "\u2028", "ü", "\x7f"])
def test_no_record_can_forge_a_line(text: str) -> None:
    out = io.StringIO()
    EventLog(out).write("WARN", series=text, mean=1.0)
    assert LINE.match(out.getvalue())
    assert out.getvalue().isascii()
    quoted = out.getvalue().split("series=", 1)[1].rsplit(" mean=", 1)[0]
    assert json.loads(quoted) == text


@pytest.mark.parametrize(
    ("error", "kind", "exit_code"),
    [
        (ConfigurationError("bad"), "configuration", 2),
        (AnalysisException("no such column"), "configuration", 2),
        (OSError("no such file"), "configuration", 2),
        (TopicReplacedError("gone"), "topic_replaced", 3),
        (CheckpointError("gone"), "data_loss", 3),
        (RuntimeError("[KAFKA_DATA_LOSS] some data may have been lost"), "data_loss", 3),
        (RuntimeError("anything else\nin two lines"), "query", 7),
        (RuntimeError(""), "query", 7),
        (RuntimeError("org.apache.kafka.common.config.ConfigException: No such setting"), "configuration", 2),
        # A container that is away has no name: the client's complaint is about an outage, not about our settings.
        (
            RuntimeError("org.apache.kafka.common.config.ConfigException: No resolvable bootstrap urls given"),
            "query",
            7,
        ),
    ],
)
def test_failure_has_the_exit_code_of_its_kind(error: Exception, kind: str, exit_code: int) -> None:
    failure = diagnose(error)
    assert (failure.kind, failure.exit_code) == (kind, exit_code)
    assert failure.message
    assert "\n" not in failure.message
