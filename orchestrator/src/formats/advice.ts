/** Where a cumulative counter comes from. */
export type CounterKind = 'otlp' | 'telegraf' | 'collectd' | 'prometheus' | 'vector'

/** What makes a gauge of each counter: a share in percent can be judged by itself, a counter only by its differences. */
export const COUNTER_ADVICE: Readonly<Record<CounterKind, string>> = {
  otlp: "system.cpu.time is a counter: in the Collector's hostmetrics receiver, scraper cpu, enable the metric system.cpu.utilization",
  telegraf:
    'time_* are counters: in [[inputs.cpu]] set report_active = true, and percpu = false, totalcpu = true',
  collectd:
    'the plugin cpu sends counters (derive): in <Plugin cpu> set ValuesPercentage true, ReportByCpu false and ReportByState false',
  prometheus:
    'node_cpu_seconds_total is a counter: send the result of a recording rule, such as 100 * (1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[1m])))',
  vector:
    'cpu_seconds_total is a counter: Vector has no gauge of it; let Telegraf or the OpenTelemetry Collector send the CPU usage',
}
