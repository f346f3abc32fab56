"""Samples as agents write them, one per record. The shapes are those of docs/reference.md, "Input formats"."""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import Column
from pyspark.sql import functions as F

Write = Callable[[Column, Column], Column]


def filled(template: str) -> Write:
    """A template to fill in: TIME (ms since 1970), SECONDS, ISO, CPU and IDLE (percent), and SHARE (idle, 0 to 1)."""

    def write(time_ms: Column, cpu: Column) -> Column:
        idle = F.round(100 - cpu, 2)
        values = {
            "TIME": time_ms,
            "SECONDS": time_ms / 1000,
            "CPU": cpu,
            "IDLE": idle,
            "SHARE": F.round(idle / 100, 4),
            "ISO": F.date_format(F.timestamp_millis(time_ms), "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'"),
        }
        text = F.lit(template)
        for name, value in values.items():
            if name in template:
                text = F.replace(text, F.lit(name), value.cast("decimal(20,3)" if name == "SECONDS" else "string"))
        return text

    return write


def point(core: int, state: str, value: str) -> str:
    return (
        f'{{"attributes":[{{"key":"cpu","value":{{"stringValue":"cpu{core}"}}}},'
        f'{{"key":"state","value":{{"stringValue":"{state}"}}}}],'
        f'"startTimeUnixNano":"1700000000000000000","timeUnixNano":"TIME000000","asDouble":{value}}}'
    )


POINTS = ",".join(point(core, state, value) for core in (0, 1) for state, value in (("user", "0.1"), ("idle", "SHARE")))

# csv as `produce` sends it; the others as the documentation of each agent shows them.
WRITERS: dict[str, Write] = {
    "csv": filled("TIME,CPU"),
    "influx": filled("cpu,cpu=cpu-total,host=loaner usage_active=CPU,usage_idle=IDLE TIME000000"),
    "telegraf-json": filled(
        '{"fields":{"usage_active":CPU,"usage_idle":IDLE},"name":"cpu","tags":{"cpu":"cpu-total","host":"loaner"},'
        '"timestamp":TIME}'
    ),
    "otlp-json": filled(
        '{"resourceMetrics":[{"resource":{"attributes":[{"key":"host.name","value":{"stringValue":"loaner"}}]},'
        '"scopeMetrics":[{"scope":{"name":"hostmetrics"},"metrics":[{"name":"system.cpu.utilization","unit":"1",'
        f'"gauge":{{"dataPoints":[{POINTS}]}}}}]}}]}}]}}'
    ),
    "json": filled('{"time":TIME,"host":"loaner","cpu":CPU}'),
    "metricbeat": filled(
        '{"@timestamp":"ISO","host":{"name":"loaner"},"system":{"cpu":{"cores":24,'
        '"total":{"norm":{"pct":SHARE},"pct":1.5}}}}'
    ),
    "fluent-bit": filled('{"@timestamp":SECONDS,"cpu_p":CPU,"user_p":2.0,"system_p":1.5,"cpu0.p_cpu":4.0}'),
    "collectd": filled(
        '[{"values":[CPU],"dstypes":["gauge"],"dsnames":["value"],"time":SECONDS,"interval":10.000,"host":"loaner",'
        '"plugin":"cpu","plugin_instance":"","type":"percent","type_instance":"active"}]'
    ),
}
