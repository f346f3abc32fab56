"""Metrics requests of OTLP for tests, an independent reading of them, and ways to damage them."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

Json = dict[str, Any]

T = 1_792_000_060_123
T_NANOS = 1_792_000_060_123_456_789
# As the Collector's scraper `cpu` names them, in its order.
STATES = ("user", "system", "idle", "interrupt", "nice", "softirq", "steal", "wait")
SCOPE = {
    "name": "github.com/open-telemetry/opentelemetry-collector-contrib/receiver/hostmetricsreceiver/internal/scraper/"
    "cpuscraper",
    "version": "0.165.0",
}


def compact(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def attribute(key: str, value: str) -> Json:
    return {"key": key, "value": {"stringValue": value}}


def point(state: str, value: Any, cpu: str | None = "cpu0", nanos: Any = str(T_NANOS)) -> Json:
    core = [] if cpu is None else [attribute("cpu", cpu)]
    return {
        "attributes": [*core, attribute("state", state)],
        "startTimeUnixNano": "1792000000000000000",
        "timeUnixNano": nanos,
        "asDouble": value,
    }


def without(document: Json, field: str) -> Json:
    return {name: value for name, value in document.items() if name != field}


def utilization(*points: Json) -> Json:
    return {
        "name": "system.cpu.utilization",
        "description": "Difference in system.cpu.time since the last measurement per logical CPU, divided by the"
        " elapsed time (value in interval [0,1]).",
        "unit": "1",
        "gauge": {"dataPoints": list(points)},
    }


def cpu_time(*points: Json) -> Json:
    data = {"dataPoints": list(points), "aggregationTemporality": 2, "isMonotonic": True}
    return {"name": "system.cpu.time", "unit": "s", "sum": data}


def resource(*metrics: Json, host: str | None = "web-1", attributes: Sequence[Json] = ()) -> Json:
    hosts = [] if host is None else [attribute("host.name", host)]
    return {
        "resource": {"attributes": [*hosts, *attributes]},
        "scopeMetrics": [{"scope": SCOPE, "metrics": list(metrics)}],
        "schemaUrl": "https://opentelemetry.io/schemas/1.9.0",
    }


def request(*resources: Json) -> Json:
    return {"resourceMetrics": list(resources)}


def points_of(idle: Sequence[Any], states: Sequence[str] = STATES, nanos: Any = str(T_NANOS)) -> list[Json]:
    """All states of as many cores as there are idle shares."""
    return [
        point(state, share if state == "idle" else 0.0125, f"cpu{core}", nanos)
        for core, share in enumerate(idle)
        for state in states
    ]


# Byte for byte of the shape that `pmetric.JSONMarshaler` of go.opentelemetry.io/collector/pdata v1.71.0 writes.
COLLECTOR = request(resource(utilization(*points_of([0.9, 0.8])), attributes=[attribute("os.type", "linux")]))
# open-telemetry/opentelemetry-proto, examples/metrics.json: times are numbers, attributes come last.
PROTO = request(
    {
        "resource": {"attributes": [attribute("service.name", "my.service")]},
        "scopeMetrics": [
            {
                "scope": {
                    "name": "my.library",
                    "attributes": [attribute("my.scope.attribute", "some scope attribute")],
                },
                "metrics": [
                    {
                        "name": "my.counter",
                        "sum": {
                            "aggregationTemporality": 1,
                            "isMonotonic": True,
                            "dataPoints": [{"asDouble": 5, "timeUnixNano": 1544712660300000000}],
                        },
                    },
                    {
                        "name": "system.cpu.utilization",
                        "unit": "1",
                        "description": "I am a Gauge",
                        "gauge": {
                            "dataPoints": [
                                {
                                    "asDouble": 0.25,
                                    "timeUnixNano": 1544712660300000000,
                                    "attributes": [attribute("state", "idle")],
                                }
                            ]
                        },
                    },
                    {"name": "my.histogram", "histogram": {"dataPoints": [{"count": 3, "bucketCounts": [1, 1, 1]}]}},
                ],
            }
        ],
    }
)
PROTO_TEXT = json.dumps(PROTO, indent=2).encode()

# Time in milliseconds, CPU and series (None: the record's key).
Sample = tuple[int, float, str | None]


def samples_of(value: bytes) -> list[Sample]:
    """What Python's JSON reader finds; nothing in what it cannot read."""
    try:
        document = json.loads(value.decode(), parse_float=str, parse_int=str, parse_constant=_refuse)
        return [sample for each in document["resourceMetrics"] for sample in _samples_of_resource(each)]
    except (ValueError, TypeError, AttributeError, KeyError):
        return []


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _samples_of_resource(each: Json) -> Iterator[Sample]:
    shares: dict[str | None, list[str | None]] = {}
    for scope in each.get("scopeMetrics") or []:
        for metric in (scope or {}).get("metrics") or []:
            for one in _points_of_metric(metric or {}):
                if _first(one.get("attributes"), "state") == "idle":
                    shares.setdefault(one.get("timeUnixNano"), []).append(_value_of(one))
    attributes = (each.get("resource") or {}).get("attributes")
    series = _first(attributes, "host.name")
    series = _first(attributes, "service.instance.id") if series is None else series
    for nanos, texts in shares.items():
        cpu = _cpu_of(texts)
        if cpu is not None and nanos is not None and nanos.isdecimal():
            yield int(nanos) // 1_000_000, cpu, series


def _cpu_of(texts: list[str | None]) -> float | None:
    try:
        numbers = [float(text or "none") for text in texts]
    except ValueError:
        return None
    mean = sum(numbers) / len(numbers)
    return (1 - min(max(mean, 0.0), 1.0)) * 100 if all(-0.001 <= each <= 1.001 for each in numbers) else None


def _value_of(one: Json) -> str | None:
    value: str | None = one.get("asInt") if one.get("asDouble") is None else one["asDouble"]
    return value


def _points_of_metric(metric: Json) -> list[Json]:
    is_utilization = metric.get("name") == "system.cpu.utilization"
    return [one or {} for one in ((metric.get("gauge") or {}).get("dataPoints") or [])] if is_utilization else []


def _first(attributes: list[Json | None] | None, key: str) -> str | None:
    for each in attributes or []:
        if each is not None and each.get("key") == key:
            value = (each.get("value") or {}).get("stringValue")
            return value if value is None or isinstance(value, str) else compact(value).decode()
    return None


PIECES = (
    *b'{}[]",:\\ \t\n0159.-e\xff\x00a',
    *(b"null", b"true", b"NaN", b"0.5", b'"0.5"', b"{}", b"[]", b"],[{", b'"state"', b'"idle"', b'"asInt":1,'),
    *(b'"timeUnixNano":"1792000060123456788",', b"\xc3\xbc", b"'", b"//", b"1e999"),
)


def damaged(value: bytes, draw: random.Random) -> bytes:
    """One to three changes at random places."""
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        start = draw.randrange(len(value) + 1)
        end = min(len(value), start + draw.choice((0, 1, 1, 2, 5, 30)))
        chosen = draw.choice(PIECES)
        piece = bytes([chosen]) if isinstance(chosen, int) else chosen
        kind = draw.randrange(4)
        if kind == 0:
            value = value[:start] + value[end:]
        elif kind == 1:
            value = value[:start] + piece + value[end:]
        elif kind == 2:
            value = value[:start] + piece + value[start:]
        else:
            value = value[:end] + value[start:]
    return value


def drawn(draw: random.Random) -> bytes:
    """A request at random: nearly as the Collector writes it, and valid."""
    states = draw.sample(STATES, draw.randint(1, 4))
    if draw.random() < 0.9:
        states = sorted({*states, "idle"})
    nanos = draw.choice((str(T_NANOS), str(T_NANOS), str(T_NANOS + 10**9), T_NANOS, "17", "0", "", None))
    idle = [_share(draw) for _ in range(draw.choice((1, 2, 2, 3, 8)))]
    points = points_of(idle, states, nanos if draw.random() < 0.2 else str(T_NANOS))
    for one in points:
        if draw.random() < 0.01:
            one["timeUnixNano"] = draw.choice((str(T_NANOS + 1), T_NANOS, "5"))
        if draw.random() < 0.005:
            del one[draw.choice(("startTimeUnixNano", "timeUnixNano", "asDouble", "attributes"))]
        if draw.random() < 0.005:
            one["asInt"] = draw.choice(("1", 0))
    extra = draw.choice((None, None, "host.name", "service.instance.id", "os.type", 'a"b\\'))
    attributes = [] if extra is None else [attribute(extra, draw.choice(("x", "", "a b", "ü", 'q"', "1\t2")))]
    host = draw.choice(("web-1", "web-1", "a b", "", 'q"', "ü", None))
    each = resource(utilization(*points), host=host, attributes=attributes)
    if draw.random() < 0.3:
        del each["schemaUrl"]
    if draw.random() < 0.2:
        each["scopeMetrics"][0]["scope"] = draw.choice(({}, {"version": "1"}, {"name": "n"}))
    if draw.random() < 0.1:
        each["scopeMetrics"][0]["metrics"].append(draw.choice((cpu_time(), utilization(point("idle", 0.5)))))
    if draw.random() < 0.2:
        counter = draw.choice((cpu_time(), cpu_time(*points), {**cpu_time(*points), "name": "system.cpu.frequency"}))
        each["scopeMetrics"][0]["metrics"].insert(0, counter)
    resources = [each] * draw.choice((1, 1, 1, 1, 1, 1, 2))
    return compact(request(*resources))


def _share(draw: random.Random) -> Any:
    odd = (0, 1, 1e-07, 0.5e-05, 1.0005, -0.0005, 1.5, "NaN", "0.5", "x", None, 1e21, -0.0, 12)
    return draw.choice(odd) if draw.random() < 0.05 else round(draw.random(), draw.choice((1, 3, 17)))
