import { describe, expect, it } from 'vitest'
import type { InputFormat } from './names.ts'
import { FLUENT_BIT, INFLUX, METRICBEAT, PROMETHEUS, record, UNKNOWN } from './records.fixture.ts'
import { judgeRecords, type Wanted } from './verdict.ts'

const SAMPLE = '1700000000123,12.5'

const wanted = (format: InputFormat | 'auto', over: Partial<Wanted> = {}): Wanted => ({
  format,
  time: undefined,
  timeUnit: 'ms',
  cpu: undefined,
  cpuUnit: 'percent',
  ...over,
})
const judge = (by: Wanted, ...values: readonly (string | object)[]) =>
  judgeRecords(
    values.map((value) => record(value)),
    by,
  )

describe('records', () => {
  it.each([
    ['csv', [SAMPLE]],
    ['csv', [SAMPLE, 'prose']],
    ['telegraf', [INFLUX]],
    ['auto', [INFLUX]],
    ['metricbeat', [METRICBEAT, { ...METRICBEAT, system: {} }]],
  ] as const)('fit %s', (format, values) => {
    const { fits, line, advice } = judge(wanted(format), ...values)
    expect(fits).toBe(true)
    expect(line).toContain('CPU usage from')
    expect(advice).toEqual([])
  })

  it.each([
    ['csv', [INFLUX], /^not csv: telegraf/, /Set INPUT_FORMAT=telegraf;.*submit --new-checkpoint/],
    ['telegraf', [SAMPLE], /^not telegraf: csv/, /Set INPUT_FORMAT=csv/],
    ['csv', [SAMPLE, 'a', 'b'], /^not csv: text in no known format: 2 of 3/, /not csv becomes a dead letter/],
    ['auto', ['hello'], /^text in no known format/, /^$/],
    ['csv', [PROMETHEUS], /^not csv: Prometheus/, /recording rule/],
    ['csv', [UNKNOWN], /^not csv: JSON in no known shape/, /INPUT_FORMAT=json\nINPUT_TIME=\$\.ts/],
  ] as const)('do not fit %s', (format, values, line, advice) => {
    const verdict = judge(wanted(format), ...values)
    expect(verdict.fits).toBe(false)
    expect(verdict.line).toMatch(line)
    expect(verdict.advice.join('\n')).toMatch(advice)
  })
})

describe('JSON records', () => {
  const CPU = "$.load['cpu.pct']"

  it.each([
    [{ time: '$.ts', cpu: CPU }, [UNKNOWN], 'INPUT_TIME and INPUT_CPU; CPU usage from 12.5 to 12.5 %'],
    [{ timeUnit: 'record', cpu: CPU }, [UNKNOWN], 'have INPUT_CPU; CPU usage from 12.5'],
    [
      { time: '$.@timestamp', cpu: '$.host.cpu.pct', cpuUnit: 'fraction' },
      [METRICBEAT],
      'CPU usage from 4.57 to 4.57 %',
    ],
  ] as const)('fit the paths %j', (over, values, text) => {
    const { fits, line } = judge(wanted('json', over), ...values)
    expect(fits).toBe(true)
    expect(line).toContain(text)
  })

  it.each([
    [{ time: '$.at', cpu: CPU }, [UNKNOWN], /INPUT_TIME=\$\.ts/],
    [{ time: '$.ts', cpu: '$.meta.host' }, [UNKNOWN], /INPUT_CPU=\$\.load/],
    [{ time: '$.ts', cpu: CPU }, [FLUENT_BIT], /INPUT_FORMAT=fluent-bit/],
    [{ time: '$.ts', cpu: CPU }, [SAMPLE], /INPUT_FORMAT=csv/],
  ] as const)('do not fit the paths %j', (over, values, advice) => {
    const verdict = judge(wanted('json', over), ...values)
    expect(verdict.fits).toBe(false)
    expect(verdict.line).toMatch(/^json: 0 of 1 records/)
    expect(verdict.advice.join('\n')).toMatch(advice)
  })
})
