import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { recognise } from './recognise.ts'
import {
  COLLECTD,
  COLLECTD_COUNTER,
  FLUENT_BIT,
  INFLUX,
  METRICBEAT,
  OTLP,
  OTLP_COUNTER,
  OTLP_MEMORY,
  PROMETHEUS,
  record,
  TELEGRAF,
  UNKNOWN,
  VECTOR,
} from './records.fixture.ts'

const h = 'h'
const perCore = { ...TELEGRAF, tags: { cpu: 'cpu0', host: 'loaner' } }
const memory = { ...TELEGRAF, name: 'mem', fields: { used_percent: 40 } }
const influx = (tags: string, fields: string) => `cpu,${tags} ${fields} 1568760922000000000`

describe('a record with samples', () => {
  it.each([
    ['a csv line', '1700000000123,12.5', 'csv', [[12.5, undefined]]],
    [
      'csv lines',
      '1700000000123, 12.5 \n1700000000223,1e1\r\nbroken\n',
      'csv',
      [
        [12.5, undefined],
        [10, undefined],
      ],
    ],
    ['csv in seconds', '1700000000,12.5', 'csv', [[12.5, undefined]]],
    ['influx', INFLUX, 'telegraf', [[17.616580305880305, 'loaner']]],
    ['influx, idle only', influx('host=a,cpu=cpu-total', 'usage_idle=80'), 'telegraf', [[20, 'a']]],
    [
      'influx, escapes',
      influx(String.raw`cpu=cpu-total,host=a\ b\,c\=d`, 'usage_idle=80'),
      'telegraf',
      [[20, 'a b,c=d']],
    ],
    [
      'influx, a text with blanks',
      influx('cpu=cpu-total', 'note="a \\" b,c",usage_idle=80,n=4i'),
      'telegraf',
      [[20, undefined]],
    ],
    ['influx lines', `${INFLUX}\nmem used=1i 1\n`, 'telegraf', [[17.616580305880305, 'loaner']]],
    ['telegraf', TELEGRAF, 'telegraf', [[17.61, 'loaner']]],
    ['a telegraf batch', { metrics: [perCore, TELEGRAF, memory] }, 'telegraf', [[17.61, 'loaner']]],
    ['otlp', OTLP, 'otlp-json', [[expect.closeTo(20, 9), h]]],
    ['metricbeat', METRICBEAT, 'metricbeat', [[expect.closeTo(4.57, 9), h]]],
    [
      'metricbeat without norm',
      { ...METRICBEAT, system: { cpu: { cores: 4, total: { pct: 2 } } } },
      'metricbeat',
      [[50, h]],
    ],
    ['fluent-bit', FLUENT_BIT, 'fluent-bit', [[3.5, undefined]]],
    ['collectd', [COLLECTD], 'collectd', [[42.5, h]]],
    ['collectd, idle', [{ ...COLLECTD, type_instance: 'idle' }], 'collectd', [[57.5, h]]],
  ] as const)('is recognised: %s', (_, value, format, samples) => {
    const seen = recognise(record(value))
    expect(seen.format).toBe(format)
    expect(seen.counter).toBeUndefined()
    expect(seen.samples.map(({ cpu, series }) => [cpu, series])).toEqual(samples)
  })
})

describe('a record without samples', () => {
  it.each([
    ['telegraf, one core', perCore, 'telegraf', ['single cores', 'whole seconds']],
    ['telegraf, memory', memory, 'telegraf', ['other metrics', 'whole seconds']],
    ['influx, one core', influx('cpu=cpu0', 'usage_idle=8'), 'telegraf', ['single cores']],
    ['influx without the tag of the total', influx('host=a', 'usage_idle=8'), 'telegraf', ['no CPU usage']],
    ['otlp, memory', OTLP_MEMORY, 'otlp-json', ['other metrics']],
    ['otlp, nothing', { resourceMetrics: [] }, 'otlp-json', []],
    ['metricbeat, memory', { ...METRICBEAT, system: { memory: {} } }, 'metricbeat', ['other metrics']],
    ['collectd, one core', [{ ...COLLECTD, plugin_instance: '0' }], 'collectd', ['single cores']],
    ['collectd, load', [{ ...COLLECTD, plugin: 'load' }], 'collectd', ['other metrics']],
  ])('is of a format: %s', (_, value, format, remarks) => {
    const seen = recognise(record(value))
    expect(seen).toMatchObject({ format, remarks, samples: [] })
    expect(seen.counter).toBeUndefined()
  })
})

it('a fraction whose percent is infinite is no sample', () => {
  const system = { cpu: { total: { norm: { pct: 1e307 } } } }
  expect(recognise(record({ ...METRICBEAT, system })).samples).toEqual([])
})

describe('a counter', () => {
  it.each([
    ['otlp', OTLP_COUNTER],
    ['telegraf', influx('cpu=cpu-total', 'time_active=123,time_idle=456')],
    ['collectd', [COLLECTD_COUNTER]],
    ['prometheus', PROMETHEUS],
    ['prometheus', { ...PROMETHEUS, name: undefined }],
    ['vector', VECTOR],
  ])('is named: %s', (counter, value) => {
    expect(recognise(record(value))).toMatchObject({ counter, samples: [] })
  })

  it('does not matter beside a gauge', () => {
    const [resource] = OTLP.resourceMetrics
    const both = { resourceMetrics: [resource, ...OTLP_COUNTER.resourceMetrics] }
    expect(recognise(record(both)).counter).toBeUndefined()
    expect(recognise(record([COLLECTD, COLLECTD_COUNTER])).counter).toBeUndefined()
  })
})

describe('a record that no format has', () => {
  const proto = (...inner: readonly number[]) => Buffer.from([0x0a, inner.length, ...inner])
  it.each([
    ['no value', null, /^empty/],
    ['nothing', '', /^empty/],
    ['blanks', ' \n', /^empty/],
    ['more than the job reads', 'x'.repeat(1024 * 1024 + 1), /1 MiB/],
    ['prose', 'hello, world', /^text/],
    ['a header', 'time_millis,cpu', /^text/],
    ['influx without a time', 'cpu,cpu=cpu-total usage_idle=80', /^text/],
    ['half of a document', '{"a": 1', /^broken JSON/],
    ['two documents', '{"a":1}{"a":2}', /^broken JSON/],
    ['JSON of its own', UNKNOWN, /no known shape/],
    ['an empty array', [], /no known shape/],
    ['avro of a registry', Buffer.from([0, 0, 0, 0, 7, 2, 65]), /^avro/],
    ['an avro file', Buffer.from('Obj\x01abc'), /^avro/],
    ['protobuf', proto(0x0a, 0x02, 0x61, 0x62, 0x12, 0x00), /^otlp_proto/],
    ['two resources of protobuf', Buffer.concat([proto(0x0a, 1, 97), proto(0x12, 1, 97)]), /^otlp_proto/],
    ['msgpack', Buffer.from([0x92, 0xcb, 0xc1, 0xff]), /^binary/],
    ['gzip', gzipSync('1700000000123,1'), /compressed itself \(gzip\)/],
    ['zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 1]), /compressed itself \(zstd\)/],
  ])('is called what it is: %s', (_, value, name) => {
    const seen = recognise(record(value))
    expect(seen.name).toMatch(name)
    expect(seen.format).toBeUndefined()
    expect(seen.samples).toEqual([])
  })

  it('says what to do about a format that the job does not read', () => {
    expect(recognise(record(proto(0x0a, 1, 97))).advice).toMatch(/encoding: otlp_json/)
    expect(recognise(record(Buffer.from([0, 0, 0, 0, 7, 2]))).advice).toMatch(/without a schema registry/)
    expect(recognise(record(gzipSync('a'))).advice).toMatch(/content_encoding/)
  })
})

describe('whatever the bytes are', () => {
  const SHAPES = [TELEGRAF, OTLP, METRICBEAT, FLUENT_BIT, [COLLECTD], PROMETHEUS, VECTOR, UNKNOWN]

  it('nothing is thrown', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(recognise(record(Buffer.from(bytes))).name).not.toBe('')
      }),
      { numRuns: 2_000 },
    )
  })

  it('nothing is thrown for JSON', () => {
    fc.assert(fc.property(fc.json(), (json) => void recognise(record(json))))
  })

  it('nothing is thrown for a known shape with something else in one place', () => {
    const places = SHAPES.flatMap((shape) => pathsOf(shape).map((path) => [shape, path] as const))
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.jsonValue(), ([shape, path], value) => {
        const seen = recognise(record(JSON.stringify(replaced(shape, path, value))))
        for (const { cpu } of seen.samples) expect(Number.isFinite(cpu)).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })

  it('no record that is cut off is a sample', () => {
    for (const shape of SHAPES) {
      const whole = JSON.stringify(shape)
      for (let length = 1; length < whole.length; length += 1)
        expect(recognise(record(whole.slice(0, length))).samples).toEqual([])
    }
  })

  it('a long line takes no long time', () => {
    for (const text of [
      'cpu,a=b'.repeat(50_000),
      `cpu ${'a=1,'.repeat(100_000)}`,
      '\\'.repeat(500_000),
      '[['.repeat(250_000),
    ])
      expect(recognise(record(text)).samples).toEqual([])
  })
})

function pathsOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path]
  return [path, ...Object.entries(value).flatMap(([key, each]) => pathsOf(each, [...path, key]))]
}

function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by
  const entries = Object.entries(value as object).map(([name, each]) => [
    name,
    name === key ? replaced(each, rest, by) : each,
  ])
  return Array.isArray(value) ? entries.map(([, each]) => each) : Object.fromEntries(entries)
}
