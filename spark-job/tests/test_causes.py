"""Exceptions of the JVM and their causes."""

from __future__ import annotations

from typing import Any, cast

from py4j.protocol import Py4JJavaError
from thrown import FromJavaError, Thrown

from cpu_anomaly.causes import causes_of, has_sign, is_thrown_by


def test_java_exception_of_py4j_is_followed_too() -> None:
    thrown = Thrown("outer", Thrown("middle", Thrown("inner\nwith a trace")))
    assert causes_of(cast(Any, Py4JJavaError)("an error", thrown)) == ["outer", "middle", "inner\nwith a trace"]


def test_error_of_python_has_no_other_cause() -> None:
    assert causes_of(RuntimeError("no broker")) == ["no broker"]


def test_sign_may_be_in_any_cause() -> None:
    assert has_sign(("x", "inn"), ["outer", "inner"])
    assert not has_sign(("x", "y"), ["outer", "inner"])


def test_only_the_innermost_cause_tells_where_it_was_thrown() -> None:
    error = FromJavaError(Thrown("outer", Thrown("inner", frame="a.Reader.read"), frame="a.Writer.write"))
    assert is_thrown_by("Reader", error)
    assert not is_thrown_by("Writer", error)
