"""What the answers of Kafka's admin client mean."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from py4j.protocol import Py4JJavaError
from thrown import Thrown

from cpu_anomaly.admin import rights_or_none


class Answer:
    """A KafkaFuture of a topic's description."""

    def __init__(self, granted: Sequence[str] | None = None, error: Exception | None = None) -> None:
        self._granted = granted
        self._error = error

    def get(self) -> SimpleNamespace:
        if self._error:
            raise self._error
        operations = None if self._granted is None else [Thrown(name) for name in self._granted]
        return SimpleNamespace(authorizedOperations=lambda: operations)


def kafka_error(kind: str) -> Py4JJavaError:
    thrown = Thrown(f"ExecutionException: org.apache.kafka.common.errors.{kind}Exception")
    return cast(Py4JJavaError, cast(Any, Py4JJavaError)("", thrown))


@pytest.mark.parametrize(
    ("answer", "rights"),
    [
        (Answer(["READ", "DESCRIBE"]), {"READ", "DESCRIBE"}),
        (Answer(None), None),
        (Answer([]), None),
        (Answer(error=kafka_error("TopicAuthorization")), set()),
        (Answer(error=kafka_error("UnknownTopicOrPartition")), None),
    ],
    ids=["said", "not said", "nothing said", "refused", "no such topic"],
)
def test_rights_are_what_the_broker_says(answer: Answer, rights: set[str] | None) -> None:
    assert rights_or_none(answer) == rights


def test_rights_of_a_broker_that_is_away_are_an_error() -> None:
    with pytest.raises(Py4JJavaError):
        rights_or_none(Answer(error=kafka_error("Timeout")))
