"""Independent readers of what agents write: by Python's own JSON, and without code of the job."""

from __future__ import annotations

import decimal
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

from format_units import RECORD_MS

# Time in ms since 1970, and CPU in percent.
Sample = tuple[int, float]
Reader = Callable[[bytes], list[Sample]]

DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
ISO = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)([.,]\d{1,9})?([Zz]|[+-]\d\d:?\d\d)?")
DIVISORS = {"s": Decimal(1) / 1000, "ms": Decimal(1), "us": Decimal(1000), "ns": Decimal(10**6)}

# What is too large for a number becomes infinite.
decimal.setcontext(decimal.Context(prec=50, traps=[]))
# In any unit, no time is farther from 1970.
FARTHEST = 10**30


class AmbiguousError(Exception):
    """A document in which a name occurs twice: readers may take either value."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise AmbiguousError
    return dict(pairs)


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def documents(value: bytes) -> Iterable[Any]:
    """The one document of a record, or nothing."""
    try:
        # Spark lets control characters be in strings.
        loads = json.JSONDecoder(
            object_pairs_hook=_object, parse_constant=_refuse, parse_float=Decimal, parse_int=Decimal, strict=False
        ).decode
        return [loads(value.decode("utf-8").strip(" \t\r\n"))]
    except ValueError:
        return []


def at(document: Any, *names: str) -> Any:
    for name in names:
        document = document.get(name) if isinstance(document, Mapping) else None
    return document


def number(given: Any) -> Decimal | None:
    if isinstance(given, Decimal):
        return given
    return Decimal(given) if isinstance(given, str) and DECIMAL.fullmatch(given) else None


def millis(given: Any, unit: str) -> int | None:
    if unit == "iso":
        return iso_millis(given)
    found = number(given)
    if found is None or not -FARTHEST < found < FARTHEST:
        return None
    return math.floor(found / DIVISORS[unit])


def iso_millis(given: Any) -> int | None:
    match = ISO.fullmatch(given) if isinstance(given, str) else None
    if match is None:
        return None
    date, time, fraction, zone = match.groups()
    try:
        plain = datetime.fromisoformat(f"{date}T{time}+00:00")
    except ValueError:
        return None
    offset = 0
    if zone and zone not in "Zz":
        hours, minutes = int(zone[1:3]), int(zone[-2:])
        offset = (1 if zone[0] == "+" else -1) * (hours * 60 + minutes)
    ms = int((fraction or ".0")[1:4].ljust(3, "0"))
    since = plain - datetime(1970, 1, 1, tzinfo=timezone.utc)
    return (since.days * 86_400 + since.seconds - offset * 60) * 1000 + ms


def one(time: int | None, cpu: Decimal | None) -> list[Sample]:
    return [] if time is None or cpu is None else [(time, float(cpu))]


def json_by_paths(value: bytes) -> list[Sample]:
    return [
        each for found in documents(value) for each in one(millis(at(found, "t"), "ms"), number(at(found, "c", "v")))
    ]


def metricbeat(value: bytes) -> list[Sample]:
    samples: list[Sample] = []
    for found in documents(value):
        cpu = at(found, "system", "cpu")
        norm, total, cores = (
            number(at(cpu, *path)) for path in (("total", "norm", "pct"), ("total", "pct"), ("cores",))
        )
        for share in (norm, total / cores if total is not None and cores else None):
            samples += one(iso_millis(at(found, "@timestamp")), None if share is None else share * 100)
    return samples


def fluent_bit(value: bytes) -> list[Sample]:
    times = [(found, at(found, "@timestamp")) for found in documents(value)]
    return [
        each
        for found, time in times
        for unit in ("s", "iso")
        for each in one(millis(time, unit), number(at(found, "cpu_p")))
    ]


def collectd(value: bytes) -> list[Sample]:
    lists = [
        each for found in documents(value) if isinstance(found, list) for each in found if isinstance(each, Mapping)
    ]
    samples: list[Sample] = []
    for each in lists:
        values = each.get("values")
        cpu = number(values[0]) if isinstance(values, list) and values else None
        if (each.get("plugin"), each.get("type")) == ("cpu", "percent"):
            idle = each.get("type_instance") == "idle"
            samples += one(millis(each.get("time"), "s"), 100 - cpu if idle and cpu is not None else cpu)
    return samples


def telegraf(value: bytes) -> list[Sample]:
    if value.startswith(b"{"):
        found = [each for document in documents(value) for each in metrics_of(document)]
        return [sample for each in found for sample in of_metric(each)]
    return [sample for line in value.split(b"\n") for sample in of_unit(line)]


def of_unit(line: bytes) -> list[Sample]:
    """A record that does not begin with a document may hold some among its lines."""
    if line.startswith(b"{"):
        return [sample for document in documents(line) for sample in of_metric(document)]
    return of_line(line)


def metrics_of(document: Any) -> list[Any]:
    metrics = at(document, "metrics")
    return [document, *(metrics if isinstance(metrics, list) else [])]


def of_metric(metric: Any) -> list[Sample]:
    if (at(metric, "name"), at(metric, "tags", "cpu")) != ("cpu", "cpu-total"):
        return []
    active, idle = (number(at(metric, "fields", name)) for name in ("usage_active", "usage_idle"))
    cpu = active if at(metric, "fields", "usage_active") is not None else None if idle is None else 100 - idle
    time = at(metric, "timestamp")
    unit = {10: "s", 13: "ms", 16: "us", 19: "ns"}.get(len(str(time)))
    if unit == "s" and number(time) == RECORD_MS // 1000:
        return one(RECORD_MS, cpu)
    return one(millis(time, unit), cpu) if unit else []


def of_line(line: bytes) -> list[Sample]:
    """By the syntax of a line: three words, of which a backslash hides a blank, and so do quotes in the second."""
    try:
        text = line.decode("utf-8").strip(" \t\r")
    except UnicodeDecodeError:
        return []
    match = re.fullmatch(
        r"((?:[^ \\]|\\[ ,=]|\\(?![ ,=]))+) ((?:[^ \"\\]|\\.|\"(?:[^\"\\]|\\.)*\")+) (\d{19})", text, re.DOTALL
    )
    if match is None:
        return []
    head, fields, stamp = match.groups()
    names = re.split(r"(?<!\\),", head)
    values = [each.partition("=") for each in re.split(r",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", fields)]
    if names[0] != "cpu" or "cpu=cpu-total" not in names[1:]:
        return []
    samples: list[Sample] = []
    for name, _, given in values:
        found = number(given)
        if found is not None and name in ("usage_active", "usage_idle"):
            samples += one(int(stamp) // 10**6, found if name == "usage_active" else 100 - found)
    return samples
