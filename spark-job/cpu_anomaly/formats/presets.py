"""What agents write as a JSON document per record."""

from __future__ import annotations

from cpu_anomaly.formats.json_record import PERCENT, Cpu, Paths

# Metricset `cpu` of the module `system`: https://www.elastic.co/docs/reference/beats/metricbeat/metricbeat-metricset-system-cpu
# `total.pct` goes up to the number of cores; `norm` is divided by it. Other metricsets are of no interest.
METRICBEAT = Paths(
    time="$['@timestamp']",
    time_units=("iso",),
    cpu=(
        Cpu("$.system.cpu.total.norm.pct", PERCENT),
        Cpu("$.system.cpu.total.pct", PERCENT, per="$.system.cpu.cores"),
    ),
    series="$.host.name",
    subject="$.system.cpu",
)

# Input `cpu`: https://docs.fluentbit.io/manual/pipeline/inputs/cpu-metrics; the time as the output `kafka` writes it.
FLUENT_BIT = Paths(
    time="$['@timestamp']",
    time_units=("s", "iso"),
    cpu=(Cpu("$.cpu_p", 1.0),),
    series=None,
)
