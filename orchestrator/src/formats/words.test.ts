import { describe, expect, it } from 'vitest'
import {
  COLLECTD,
  INFLUX,
  OTLP_COUNTER,
  PROMETHEUS,
  record,
  TELEGRAF,
  UNKNOWN,
  VECTOR,
} from './records.fixture.ts'
import { surveyRecords } from './survey.ts'
import { chooseFormat, surveyLine } from './words.ts'

const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value)
const seen = (...values: readonly (string | Buffer | object | null)[]) =>
  surveyRecords(values.map((value) => record(value)))
const hostOf = (host: string) => ({ ...TELEGRAF, tags: { ...TELEGRAF.tags, host } })

describe('the line about what a topic has', () => {
  it('has the format, the range of values and the number of series', () => {
    expect(surveyLine(seen(INFLUX, INFLUX.replace('loaner', 'b'), 'mem,host=b used=1 1'))).toBe(
      'telegraf (influx line protocol): 3 of 3 records; other metrics are skipped; CPU usage from 17.62 to 17.62 %; GROUP_BY=key would give 2 series',
    )
  })

  it('counts what is different', () => {
    expect(surveyLine(seen(INFLUX, 'prose', null))).toMatch(
      /^telegraf \(influx line protocol\): 1 of 3 records, text in no known format: 1, empty records: 1;/,
    )
  })

  it('takes the key as the series where the format has none', () => {
    const survey = surveyRecords(['a', 'b', 'a'].map((key) => record('1700000000123,0.5', key)))
    expect([...survey.series]).toEqual(['a', 'b'])
    expect(surveyLine(survey)).toContain('look like fractions')
  })
})

describe('auto', () => {
  it.each([
    ['csv', ['1700000000123,12.5']],
    ['telegraf', [INFLUX, TELEGRAF, hostOf('b')]],
    ['telegraf', [...times(187, INFLUX), ...times(13, 'prose')]],
    ['collectd', [[COLLECTD], null]],
  ])('chooses %s', (format, values) => {
    expect(chooseFormat(seen(...values))).toEqual({ format })
  })

  it.each([
    ['nothing', [], /no records yet/, /submit again, or set INPUT_FORMAT/],
    ['empty records', [null, ''], /empty records: 2 of 2/, /^$/],
    ['two formats', [INFLUX, '1700000000123,12.5'], /csv .*: 1/, /INPUT_FORMAT=telegraf or csv/],
    ['no CPU usage', ['mem used=1 1'], /no sample/, /whole machine.*INPUT_FORMAT=telegraf/],
    ['a counter of OTLP', [OTLP_COUNTER], /otlp-json/, /enable the metric system\.cpu\.utilization/],
    ['a counter of Prometheus', [PROMETHEUS], /Prometheus/, /recording rule/],
    ['a counter of Vector', [VECTOR], /Vector/, /no gauge/],
    ['avro', [Buffer.from([0, 0, 0, 0, 7, 2])], /avro/, /without a schema registry/],
    ['prose', ['hello'], /text in no known format/, /^$/],
  ])('refuses %s', (_, values, what, hint) => {
    const refusal = chooseFormat(seen(...values))
    expect(refusal).toEqual({ what: expect.stringMatching(what), hint: expect.stringMatching(hint) })
  })

  it('proposes the settings of JSON in no known shape', () => {
    const other = { ...UNKNOWN, load: { 'cpu.pct': 99, x: 1 } }
    expect(chooseFormat(seen(UNKNOWN, other))).toEqual({
      what: expect.stringContaining('JSON in no known shape: 2 of 2 records'),
      hint: [
        'This JSON has no known shape. If these are its fields, set:',
        'INPUT_FORMAT=json',
        'INPUT_TIME=$.ts',
        'INPUT_TIME_UNIT=ms',
        "INPUT_CPU=$.load['cpu.pct']",
        'INPUT_CPU_UNIT=percent',
        'INPUT_SERIES=$.meta.host',
        'Other numbers from 0 to 100: $.meta.mem (40 to 40), $.id (7 to 7)',
      ].join('\n'),
    })
  })

  it.each([
    [
      { cpu: 0.5, at: '2024-01-01T00:00:00Z' },
      ['INPUT_TIME=$.at', 'INPUT_TIME_UNIT=iso', 'INPUT_CPU_UNIT=fraction'],
    ],
    [{ cpu: '12.5', at: 1_700_000_000 }, ['INPUT_TIME=$.at', 'INPUT_TIME_UNIT=s', 'INPUT_CPU_UNIT=percent']],
    [{ cpu: 12.5, at: 1_700_000_000_000_000 }, ['INPUT_TIME_UNIT=us']],
    [{ cpu: 12.5, at: '1700000000000000000' }, ['INPUT_TIME_UNIT=ns']],
    [{ cpu: 12.5 }, ['INPUT_TIME_UNIT=record']],
    [{ cpu: 500 }, ['No field of this JSON is a number from 0 to 100']],
    [[{ cpu: 12.5 }], ['INPUT_CPU=$[0].cpu']],
  ])('of %j proposes %j', (document, lines) => {
    const { hint } = chooseFormat(seen(document)) as { hint: string }
    for (const line of lines) expect(hint).toContain(line)
  })
})
