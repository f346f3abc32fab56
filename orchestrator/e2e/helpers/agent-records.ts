import type { RawRecord } from './kafka.ts'
import type { Sample } from './oracle.ts'

/** How an agent writes samples: records that hold exactly these, and some that hold none. */
export interface Agent {
  readonly format: string
  readonly settings: Readonly<Record<string, string>>
  readonly records: (samples: readonly Sample[]) => RawRecord[]
  /** Of its format, but about something else: not read. */
  readonly ofNoInterest: readonly string[]
  /** By reason, records that become one dead letter each. */
  readonly refused: Readonly<Record<string, string>>
}

const record = (value: string): RawRecord => ({ key: null, value: Buffer.from(value) })
const each = (write: (sample: Sample) => string) => (samples: readonly Sample[]) =>
  samples.map((sample) => record(write(sample)))
const json = (value: unknown): string => JSON.stringify(value)
const NS = '000000'

const influx = ({ timeMs, cpu, series }: Sample, core = 'cpu-total') =>
  `cpu,cpu=${core},host=${series} usage_idle=1,usage_active=${cpu} ${timeMs}${NS}`
const telegraf = ({ timeMs, cpu, series }: Sample, core = 'cpu-total') => ({
  fields: { usage_active: cpu, usage_idle: 1 },
  name: 'cpu',
  tags: { cpu: core, host: series },
  timestamp: timeMs,
})

/** Two cores, one busier than the other; each state is a share of one core's time. */
const otlp = ({ timeMs, cpu, series }: Sample, name = 'system.cpu.utilization') =>
  json({
    resourceMetrics: [
      {
        resource: { attributes: [{ key: 'host.name', value: { stringValue: series } }] },
        scopeMetrics: [
          {
            scope: { name: 'hostmetricsreceiver/cpu' },
            metrics: [
              {
                name,
                unit: '1',
                gauge: {
                  dataPoints: [-0.01, 0.01].flatMap((difference, core) => {
                    const idle = 1 - cpu / 100 + difference
                    return [
                      ['user', 1 - idle],
                      ['idle', idle],
                    ].map(([state, asDouble]) => ({
                      attributes: [
                        { key: 'cpu', value: { stringValue: `cpu${core}` } },
                        { key: 'state', value: { stringValue: state } },
                      ],
                      timeUnixNano: `${timeMs}${NS}`,
                      asDouble,
                    }))
                  }),
                },
              },
            ],
          },
        ],
      },
    ],
  })

const EARLY: Sample = { timeMs: 1_700_000_000_000, cpu: 99, series: 'early' }

/** FORMATS by their own documentation; see `docs/reference.md` for the sources. */
export const AGENTS: readonly Agent[] = [
  {
    format: 'telegraf',
    settings: {},
    // Lines, batches of lines with those of each core, and both shapes of JSON, in turn.
    records: (samples) =>
      chunks(samples, 4).map((four, nth) => {
        const withCores = four.flatMap((sample) => [influx(sample, 'cpu0'), influx(sample)])
        if (nth % 2 === 0) return record(withCores.join('\n'))
        return record(
          json({ metrics: four.flatMap((sample) => [telegraf(sample, 'cpu0'), telegraf(sample)]) }),
        )
      }),
    ofNoInterest: [
      influx(EARLY, 'cpu1'),
      'mem,host=a used_percent=1 1700000000000000000',
      json(telegraf(EARLY, 'cpu1')),
    ],
    refused: {
      malformed: json(telegraf(EARLY)).slice(0, -1),
      counter: `cpu,cpu=cpu-total,host=a time_active=1,time_idle=2 1700000000000${NS}`,
      no_cpu: `cpu,cpu=cpu-total,host=a usage_user=1 1700000000000${NS}`,
    },
  },
  {
    format: 'otlp-json',
    settings: {},
    records: each((sample) => otlp(sample)),
    ofNoInterest: [otlp(EARLY, 'system.memory.utilization')],
    refused: {
      malformed: otlp(EARLY).slice(0, -2),
      counter: otlp(EARLY, 'system.cpu.time').replace('"gauge"', '"sum"'),
    },
  },
  {
    format: 'json',
    settings: {
      INPUT_TIME: '$.at',
      INPUT_TIME_UNIT: 'iso',
      INPUT_CPU: 'load.cpu',
      INPUT_CPU_UNIT: 'percent',
      INPUT_SERIES: '$["host.name"]',
    },
    records: each(({ timeMs, cpu, series }) =>
      json({ at: new Date(timeMs).toISOString(), load: { cpu }, 'host.name': series }),
    ),
    ofNoInterest: [],
    refused: {
      malformed: '1700000000000,5',
      no_time: '{"load":{"cpu":5}}',
      no_cpu: '{"at":"2023-11-14T22:13:20Z"}',
    },
  },
  {
    format: 'metricbeat',
    settings: {},
    records: each(({ timeMs, cpu, series }) =>
      json({
        '@timestamp': new Date(timeMs).toISOString(),
        event: { dataset: 'system.cpu' },
        host: { name: series },
        system: { cpu: { cores: 4, total: { pct: cpu / 25 } } },
      }),
    ),
    ofNoInterest: [
      '{"@timestamp":"2023-11-14T22:13:20.000Z","event":{"dataset":"system.memory"},"system":{"memory":{}}}',
    ],
    refused: {
      malformed: '{"@timestamp":"2023-11-14T22:13:20.000Z"',
      no_cpu: '{"@timestamp":"2023-11-14T22:13:20.000Z","system":{"cpu":{}}}',
    },
  },
  {
    format: 'fluent-bit',
    settings: {},
    records: (samples) =>
      samples.map(({ timeMs, cpu, series = '' }) => ({
        key: series,
        value: Buffer.from(json({ '@timestamp': timeMs / 1000, cpu_p: cpu, user_p: 1, 'cpu0.p_cpu': 4 })),
      })),
    ofNoInterest: [],
    refused: { no_cpu: '{"@timestamp":1700000000.5,"Mem.total":5}' },
  },
]

const chunks = <T>(all: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, nth) => all.slice(nth * size, (nth + 1) * size))
