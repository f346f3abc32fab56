/** The formats of input records that the job reads; the driver's `cpu_anomaly/formats` has a module for each. */
export const FORMATS = [
  'csv',
  'telegraf',
  'otlp-json',
  'json',
  'metricbeat',
  'fluent-bit',
  'collectd',
] as const
export type InputFormat = (typeof FORMATS)[number]

/** The unit of a time in JSON; `record`: the time is the Kafka record's own timestamp. */
export const TIME_UNITS = ['iso', 's', 'ms', 'us', 'ns', 'record'] as const
export type TimeUnit = (typeof TIME_UNITS)[number]

export const CPU_UNITS = ['percent', 'fraction'] as const
export type CpuUnit = (typeof CPU_UNITS)[number]

const NOT_READ: Readonly<Record<string, readonly [what: string, instead: string]>> = {
  otlp_proto: [
    'binary OTLP, which this version does not read',
    "set `encoding: otlp_json` at the Collector's Kafka exporter and write otlp-json",
  ],
  protobuf: [
    'a binary format, which this version does not read',
    "send JSON instead; for OTLP set `encoding: otlp_json` at the Collector's Kafka exporter and write otlp-json",
  ],
  avro: [
    'a binary format, which this version does not read',
    'let the producer write JSON without a schema registry, and write json with INPUT_CPU and INPUT_TIME',
  ],
  prometheus: [
    'not read, because Prometheus counts CPU time instead of measuring percent',
    'write the result of a recording rule as JSON, and write json with INPUT_CPU and INPUT_TIME',
  ],
}

const ALIASES: Readonly<Record<string, string>> = {
  'otlp-proto': 'otlp_proto',
  otlp_protobuf: 'otlp_proto',
  proto: 'protobuf',
  'prometheus-remote-write': 'prometheus',
  otlp_json: 'otlp-json',
  otlp: 'otlp-json',
  influx: 'telegraf',
  fluentbit: 'fluent-bit',
  fluent_bit: 'fluent-bit',
}

/** What is known of a format that is not read, and what to do instead; undefined for any other name. */
export const notRead = (name: string): readonly [what: string, instead: string] | undefined =>
  NOT_READ[ALIASES[name] ?? name]

/** The format that another spelling of its name means. */
export const meantFormat = (name: string): InputFormat | undefined =>
  FORMATS.find((format) => format === ALIASES[name])
