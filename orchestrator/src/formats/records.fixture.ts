import type { SeenRecord } from './sighting.ts'

/** A record with this value; an object is sent as JSON. */
export const record = (value: string | Buffer | object | null, key: string | null = null): SeenRecord => ({
  key: key === null ? null : Buffer.from(key),
  value:
    value === null || Buffer.isBuffer(value)
      ? value
      : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
  timestampMs: 1_700_000_000_123,
})

/** As Telegraf's documentation of its output formats has them. */
export const INFLUX =
  'cpu,cpu=cpu-total,host=loaner usage_active=17.616580305880305,usage_idle=82.3834196941197 1568760922000000000'
export const TELEGRAF = {
  fields: { usage_active: 17.61, usage_idle: 82.39 },
  name: 'cpu',
  tags: { cpu: 'cpu-total', host: 'loaner' },
  timestamp: 1568760922,
}

const point = (cpu: string, state: string, asDouble: number, time: unknown = '1544712660300000000') => ({
  attributes: [
    { key: 'cpu', value: { stringValue: cpu } },
    { key: 'state', value: { stringValue: state } },
  ],
  timeUnixNano: time,
  asDouble,
})

const resourceMetrics = (metrics: readonly object[], host = 'h') => ({
  resourceMetrics: [
    {
      resource: { attributes: [{ key: 'host.name', value: { stringValue: host } }] },
      scopeMetrics: [{ metrics }],
    },
  ],
})

/** As the Collector's receiver `hostmetrics` names its metrics. */
export const OTLP = resourceMetrics([
  {
    name: 'system.cpu.utilization',
    unit: '1',
    gauge: {
      dataPoints: [point('cpu0', 'idle', 0.9), point('cpu1', 'idle', 0.7), point('cpu0', 'user', 0.1)],
    },
  },
])
export const OTLP_COUNTER = resourceMetrics([
  { name: 'system.cpu.time', unit: 's', sum: { dataPoints: [point('cpu0', 'idle', 12_345)] } },
])
export const OTLP_MEMORY = resourceMetrics([{ name: 'system.memory.usage', gauge: { dataPoints: [] } }])

/** Shortened from an event of Metricbeat's module system. */
export const METRICBEAT = {
  '@timestamp': '2017-10-12T08:05:34.853Z',
  event: { dataset: 'system.cpu' },
  host: { name: 'h', cpu: { pct: 0.0457 } },
  metricset: { name: 'cpu' },
  system: { cpu: { cores: 24, total: { norm: { pct: 0.0457 }, pct: 1.0979 } } },
}

export const FLUENT_BIT = {
  '@timestamp': 1512000000.123,
  cpu_p: 3.5,
  user_p: 2,
  system_p: 1.5,
  'cpu0.p_cpu': 4,
}

/** As collectd's plugin `write_kafka` writes with ValuesPercentage. */
export const COLLECTD = {
  values: [42.5],
  dstypes: ['gauge'],
  dsnames: ['value'],
  time: 1515406948.326,
  interval: 10,
  host: 'h',
  plugin: 'cpu',
  plugin_instance: '',
  type: 'percent',
  type_instance: 'active',
}
export const COLLECTD_COUNTER = {
  ...COLLECTD,
  values: [123],
  dstypes: ['derive'],
  plugin_instance: '0',
  type: 'cpu',
}

/** As prometheus-kafka-adapter writes a sample of a remote write. */
export const PROMETHEUS = {
  timestamp: '2024-01-01T00:00:00Z',
  value: '9876.54',
  name: 'node_cpu_seconds_total',
  labels: { __name__: 'node_cpu_seconds_total', cpu: '0', mode: 'idle', instance: 'h:9100' },
}

/** As Vector's codec `json` writes a metric. */
export const VECTOR = {
  name: 'cpu_seconds_total',
  namespace: 'host',
  tags: { collector: 'cpu', cpu: '0', host: 'h', mode: 'idle' },
  timestamp: '2024-01-01T00:00:00.123Z',
  kind: 'absolute',
  counter: { value: 123.4 },
}

export const UNKNOWN = {
  ts: 1_700_000_000_123,
  meta: { host: 'a', mem: 40 },
  load: { 'cpu.pct': 12.5 },
  id: 7,
}
