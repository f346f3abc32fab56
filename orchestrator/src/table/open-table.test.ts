import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CliError } from '../errors.ts'
import { packageRoot } from '../package/root.ts'
import { openTable, type TableOptions, type TableSample } from './open-table.ts'
import { fileSource, type SampleSource } from './sample-source.ts'

const source = (text: string, chunkBytes = 7): SampleSource => ({
  name: 'cpu.csv',
  size: Buffer.byteLength(text),
  read: async function* () {
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
  },
})

async function samplesOf(samples: AsyncIterable<readonly TableSample[]>): Promise<TableSample[]> {
  const all: TableSample[] = []
  for await (const some of samples) all.push(...some)
  return all
}

/** The remark, and each sample as `2017-10-26T09:23:12.670Z 13.64 web-1`. */
async function read(lines: readonly string[], options: TableOptions = {}, end = '\n') {
  const table = await openTable(source(lines.join(end)), options)
  const samples = await samplesOf(table.samples())
  expect(table.count).toBe(samples.length)
  return {
    table,
    remark: table.remark,
    lines: samples.map(({ line }) => line),
    samples: samples.map(
      ({ timeMs, cpu, series }) =>
        `${new Date(timeMs).toISOString()} ${cpu}${series === undefined ? '' : ` ${series}`}`,
    ),
  }
}

const refusal = async (lines: readonly string[], options: TableOptions = {}) => {
  const error = await openTable(source(lines.join('\n')), options).catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'USAGE', exitCode: 2, hint: expect.stringMatching(/./) })
  return `${(error as Error).message}\n${(error as { hint: string }).hint}`
}

describe('a table', () => {
  it.each<[string, readonly string[], readonly string[], RegExp, TableOptions?]>([
    [
      'of Bitbrains: semicolons and tabs, a header that says milliseconds over seconds',
      [
        'Timestamp [ms];\tCPU cores;\tCPU usage [MHZ];\tCPU usage [%];\tMemory usage [KB]',
        '1375186054;\t1;\t0.0;\t62.3;\t9.0',
      ],
      ['2013-07-30T12:07:34.000Z 62.3'],
      /^cpu\.csv: semicolon-separated; time = column 1 "Timestamp \[ms\]" as seconds since 1970, although its name says milliseconds; cpu = column 4 "CPU usage \[%\]"; 1 sample$/,
    ],
    [
      'of sadf -d: headers with #, all and single cores, a restart, sections with other columns',
      [
        '# hostname;interval;timestamp;CPU;%user;%idle',
        'web;60;2019-04-18 13:20:19 UTC;-1;2.15;82.88',
        'web;60;2019-04-18 13:20:19 UTC;0;0.00;90.00',
        'web;-1;2019-04-18 13:20:50 UTC;LINUX-RESTART\t(8 CPU)',
        '# hostname;interval;timestamp;CPU;%user;%idle',
        'web;60;2019-04-18 13:21:19 UTC;-1;2.15;95.31',
        '# hostname;interval;timestamp;INTR;CPU0',
        'web;60;2019-04-18 13:21:19 UTC;-1;2.15;1.5',
      ],
      ['2019-04-18T13:20:19.000Z 17.12 web', '2019-04-18T13:21:19.000Z 4.69 web'],
      /cpu = 100 - column 6 "%idle" of all cores \(column 4 "CPU"\); series = column 1 "hostname"; 2 samples; left out: 1 line of single cores, 1 line with the header again, 2 lines of other tables, 1 line about a restart$/,
    ],
    [
      'of mpstat: blanks, epoch seconds, a banner, an average, a header with a time in it',
      [
        'Linux 1.2.3 (web) \t06/01/20 \t_x86_64_\t(9 CPU)',
        '',
        '1591016000   CPU    %usr   %idle',
        '1591016001   all    2.15   82.88',
        '1591016001     0    2.15   99.00',
        '1591016001   CPU    %usr   %idle',
        '1591016002   all    2.28   95.31',
        'Average:     all    2.20   88.22',
      ],
      ['2020-06-01T12:53:21.000Z 17.12', '2020-06-01T12:53:22.000Z 4.69'],
      /separated by blanks; .*1 line of single cores, 1 line with the header again, 1 line of averages/,
    ],
    [
      'of NAB: times without a zone',
      ['timestamp,value', '2014-02-14 14:30:00,6.456', '2014-02-14 14:35:00,5.816'],
      ['2014-02-14T14:30:00.000Z 6.456', '2014-02-14T14:35:00.000Z 5.816'],
      /time = column 1 "timestamp", taken for UTC \(else --timezone\); cpu = column 2 "value"; 2 samples$/,
    ],
    [
      'of NAB in another zone',
      ['timestamp,value', '2014-02-14 14:30:00,6.456', '2014-07-14 14:30:00,7'],
      ['2014-02-14T13:30:00.000Z 6.456', '2014-07-14T12:30:00.000Z 7'],
      /time = column 1 "timestamp", in Europe\/Berlin;/,
      { timezone: 'Europe/Berlin' },
    ],
    [
      'of docker stats: a series and percent signs',
      [
        'timestamp,container_name,cpu_usage',
        '2026-06-10T09:47:02Z,a,0.5%',
        '2026-06-10T09:47:02Z,b,101.31 %',
      ],
      ['2026-06-10T09:47:02.000Z 0.5 a', '2026-06-10T09:47:02.000Z 101.31 b'],
      /series = column 2 "container_name"; 2 samples$/,
    ],
    [
      'of CloudWatch: the newest first, several statistics',
      [
        'Timestamp,Average,Minimum,Maximum,Unit',
        '2026-01-01T00:10:00+00:00,12.5,1,20,Percent',
        '2026-01-01T00:05:00+00:00,13.5,1,20,Percent',
      ],
      ['2026-01-01T00:10:00.000Z 12.5', '2026-01-01T00:05:00.000Z 13.5'],
      /cpu = column 2 "Average"; 2 samples, the newest first$/,
    ],
    [
      'of perfmon: all quoted, a zone in the header, blank values, single cores',
      [
        '"(PDH-CSV 4.0) (W. Europe Standard Time)(-60)","\\\\PC-7\\Processor(0)\\% Processor Time","\\\\PC-7\\Processor(_Total)\\% Processor Time"',
        '"01/31/2026 14:05:00.123"," "," "',
        '"01/31/2026 14:05:01.123","1.5","12.25"',
      ],
      ['2026-01-31T13:05:01.123Z 12.25'],
      /, month first, at \+01:00 as its name says; cpu = column 3 .*; 1 sample; left out: 1 line without a value$/,
    ],
    [
      'of pandas: an index, milliseconds with a decimal point',
      [',time,cpu', '0,1509009792670.0,13.64', '1,1509009792720.0,14'],
      ['2017-10-26T09:23:12.670Z 13.64', '2017-10-26T09:23:12.720Z 14'],
      /time = column 2 "time" as milliseconds since 1970; cpu = column 3 "cpu"; 2 samples$/,
    ],
    [
      'of pandas without a header',
      ['0,1509009792670.0,13.64', '1,1509009792720.0,14'],
      ['2017-10-26T09:23:12.670Z 13.64', '2017-10-26T09:23:12.720Z 14'],
      /time = column 2 as milliseconds since 1970; cpu = column 3; 2 samples$/,
    ],
    [
      'of Excel: a byte order mark, semicolons, decimal commas, dates with points',
      ['\ufeffDatum;Zeit;CPU', '31.01.2026;14:05:00;13,64', '31.01.2026;14:06;7'],
      ['2026-01-31T14:05:00.000Z 13.64', '2026-01-31T14:06:00.000Z 7'],
      /time = column 1 "Datum" and column 2 "Zeit".*; cpu = column 3 "CPU" with decimal comma; 2 samples$/,
    ],
    [
      'with dates whose day is first, as only a later line shows',
      ['time;cpu', '01/02/2026 00:00;1', '13/02/2026 00:00;2'],
      ['2026-02-01T00:00:00.000Z 1', '2026-02-13T00:00:00.000Z 2'],
      /, day first/,
    ],
    [
      'with dates that may be either',
      ['time;cpu', '01/02/2026 11:00:00 PM;1', '01/02/2026 12:05:00 AM;2'],
      ['2026-01-02T23:00:00.000Z 1', '2026-01-02T00:05:00.000Z 2'],
      /, month first \(assumed\)/,
    ],
    [
      'of Telegraf: total and cores',
      [
        'time,cpu,host,usage_active,usage_idle',
        '1568760922,cpu-total,a,17.5,82.5',
        '1568760922,cpu0,a,18,82',
      ],
      ['2019-09-17T22:55:22.000Z 17.5 a'],
      /cpu = column 4 "usage_active" of all cores \(column 2 "cpu"\)/,
    ],
    [
      'of dstat -T: names of groups above those of columns',
      [
        '"Dstat 0.7.3 CSV output"',
        '"Host:","web",,',
        '',
        '"epoch","total cpu usage",,',
        '"epoch","usr","sys","idl"',
        '1568760922.5,1,0.5,98.5',
      ],
      ['2019-09-17T22:55:22.500Z 1.5'],
      /cpu = 100 - column 4 "idl"/,
    ],
    [
      'with tabs, and idle time',
      ['ts\tload', '1568760922123456\t82.5'],
      ['2019-09-17T22:55:22.123Z 17.5'],
      /tab-separated; time = column 1 "ts" as microseconds since 1970; cpu = 100 - column 2 "load"/,
      { cpu: 'LOAD', from: 'idle' },
    ],
    [
      'with one other column, whose name says nothing',
      ['time,speed', '1509009792670,13.64'],
      ['2017-10-26T09:23:12.670Z 13.64'],
      /cpu = column 2 "speed", assumed: no other column can be; 1 sample$/,
    ],
    [
      'with that column named',
      ['time,speed', '1509009792670,13.64'],
      ['2017-10-26T09:23:12.670Z 13.64'],
      /cpu = column 2 "speed"; 1 sample$/,
      { cpu: 'speed' },
    ],
    [
      'with bars, columns by number',
      ['1568760922123456789|web|5|6'],
      ['2019-09-17T22:55:22.123Z 6 web'],
      /bar-separated; time = column 1 as nanoseconds/,
      { time: '1', cpu: '4', series: '2' },
    ],
    [
      'with a unit that is forced',
      ['1568760922123,5', '1568760922124,6'],
      ['2019-09-17T22:55:22.123Z 5', '2019-09-17T22:55:22.124Z 6'],
      /as milliseconds since 1970/,
      { timeUnit: 'ms' },
    ],
    [
      'with seconds that have a fraction',
      ['time,cpu,x', '1515406948.326,42.5,a'],
      ['2018-01-08T10:22:28.326Z 42.5'],
      /as seconds since 1970/,
    ],
    [
      'with gaps and words among the values',
      [
        'time,cpu',
        '2026-01-01T00:00Z,1',
        '2026-01-01T00:01Z,',
        '2026-01-01T00:02Z,NaN',
        '2026-01-01T00:03Z,many',
        '2026-01-01T00:04Z,5',
      ],
      ['2026-01-01T00:00:00.000Z 1', '2026-01-01T00:04:00.000Z 5'],
      /left out: 2 lines without a value, 1 line that cannot be read \(line 5, column 2 "cpu": "many" is not a number\)$/,
    ],
  ])('%s', async (_, lines, expected, remark, options) => {
    for (const end of ['\n', '\r\n']) {
      const found = await read(lines, options, end)
      expect(found.samples).toEqual(expected)
      expect(found.remark).toMatch(remark)
    }
  })

  it('names the line of each sample', async () => {
    const { lines } = await read(['a banner', '', 'time,cpu,host', '1568760922,1,"a', 'b"', '1568760923,2,c'])
    expect(lines).toEqual([5, 6])
  })

  it('counts its series', async () => {
    const { table } = await read(['time,host,cpu', '1568760922,a,1', '1568760922,b,1', '1568760923,a,1'])
    expect(table.series).toEqual({ column: 'column 2 "host"', count: 2 })
  })
})

/** A file of these samples, written in one of many ways. */
const written = fc.record({
  samples: fc.array(
    fc.record({ seconds: fc.integer({ min: 1e9, max: 2e9 }), cpu: fc.integer({ min: 0, max: 10_000 }) }),
    {
      minLength: 2,
      maxLength: 20,
    },
  ),
  separator: fc.constantFrom(';', '; ', ';\t', '\t', '|', ','),
  time: fc.constantFrom<(timeMs: number) => string>(
    (timeMs) => new Date(timeMs).toISOString(),
    (timeMs) => new Date(timeMs).toISOString().replace('T', ' ').slice(0, 19),
    (timeMs) => `${timeMs / 1_000}`,
    (timeMs) => `${timeMs}.0`,
    (timeMs) => `${timeMs}000`,
  ),
  cpu: fc.constantFrom<(cpu: number) => string>(
    (cpu) => (cpu / 100).toFixed(2),
    (cpu) => `${(cpu / 100).toFixed(2)} %`,
    (cpu) => `"${(cpu / 100).toFixed(2).replace('.', ',')}"`,
  ),
  isHeaded: fc.boolean(),
  isQuoted: fc.boolean(),
  end: fc.constantFrom('\n', '\r\n'),
  mark: fc.constantFrom('', '\ufeff'),
})

describe('a table in any way of writing', () => {
  it('has the same samples', async () => {
    await fc.assert(
      fc.asyncProperty(written, async ({ samples, separator, time, cpu, isHeaded, isQuoted, end, mark }) => {
        const rows = samples.map((each) => [time(each.seconds * 1_000), 'web-1', cpu(each.cpu)])
        const quoted = (field: string) => (isQuoted && !field.startsWith('"') ? `"${field}"` : field)
        const lines = [...(isHeaded ? [['time', 'host', 'cpu']] : []), ...rows].map((row) =>
          row.map(quoted).join(separator),
        )
        const { samples: found } = await samplesIn(mark + lines.join(end))
        expect(found).toEqual(
          samples.map((each) => ({
            timeMs: each.seconds * 1_000,
            cpu: (each.cpu / 100).toFixed(2),
            series: 'web-1',
          })),
        )
      }),
      { numRuns: 60 },
    )
  })

  it('is read or refused, whatever it holds', async () => {
    const bits = fc.constantFrom(
      'time',
      'cpu',
      ',',
      ';',
      '\n',
      '\r',
      '"',
      '#',
      ' ',
      '\t',
      '1568760922',
      '2026-01-01 00:00',
      '5',
      '%',
      'all',
      'x',
      '{',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(bits, { maxLength: 40 }), async (parts) => {
        const said = await samplesIn(parts.join('')).catch((error: unknown) => error)
        if (said instanceof Error) expect(said).toBeInstanceOf(CliError)
      }),
      { numRuns: 200 },
    )
  })
})

async function samplesIn(text: string) {
  const table = await openTable(source(text, 100_000))
  return { samples: (await samplesOf(table.samples())).map(({ line: _, ...sample }) => sample) }
}

describe('a table is refused', () => {
  it.each<[string, readonly string[], RegExp, TableOptions?]>([
    [
      'without times',
      ['index,percent', '0,24', '1,23'],
      /cpu\.csv: line 2, column 1 "index": "0" is not a time: .*\n.*--time/,
    ],
    [
      'with an index in place of times, whatever its unit',
      ['0,24', '1,23'],
      /line 1, column 1: "0" is not a time/,
      { time: '1', timeUnit: 'ms' },
    ],
    [
      'of dstat, whose times have no year',
      [
        '"Dstat 0.7.3 CSV output"',
        '"Host:","web",,,,"User:","root"',
        '',
        '"system","total cpu usage",,,',
        '"time","usr","sys","idl"',
        '"26-11 21:00:01",0.5,1,98.5',
      ],
      /"26-11 21:00:01" has no year/,
    ],
    [
      'of mpstat without dates',
      ['12:00:01 AM  CPU  %usr  %idle', '12:00:02 AM  all  1.5  98.5'],
      /"12:00:02" is a time of day without a date\n.*sadf -d/,
    ],
    [
      'if several columns fit equally well',
      ['time,cpu_usage,cpu_percent', '1568760922,1,2'],
      /may be in column 2 "cpu_usage" or column 3 "cpu_percent"\nSay which: --cpu 2/,
    ],
    [
      'if several columns of a table without header fit',
      ['1568760922,1,2'],
      /may be in column 2 or column 3/,
    ],
    [
      'if two columns have different times',
      ['time,timestamp,cpu', '1568760922,1568760999,2'],
      /time may be in column 1 "time" or column 2 "timestamp"\nSay which: --time 1/,
    ],
    ['with a counter', ['time,node_cpu_seconds_total', '1568760922,123456.7'], /is a counter/],
    [
      'with memory only',
      ['time,mem_used', '1568760922,12'],
      /no column is named like CPU usage: column 2 "mem_used"\n.*--cpu/,
    ],
    ['without numbers', ['time,cpu', '1568760922,high'], /no column has numbers/],
    ['with one column', ['1', '2'], /only one column/],
    ['with only a header', ['time,cpu'], /only a header/],
    [
      'with decimal commas between commas',
      ['time,cpu', '1509009792670,13,64'],
      /line 1 has 2 fields, but line 2 has 3\n.*decimal comma.*semicolons/,
    ],
    [
      'for a column that it has not',
      ['time,cpu', '1568760922,1'],
      /--cpu 3: there is no such column; its columns are "time", "cpu"/,
      { cpu: '3' },
    ],
    [
      'for a zone that does not exist',
      ['time,cpu', '2026-01-01 00:00,1'],
      /no time zone "Mars"/,
      { timezone: 'Mars' },
    ],
    ['if a quote is never closed', ['time,cpu', '1568760922,"1'], /quote is never closed/],
    [
      'if most lines cannot be read',
      ['time,cpu', '1568760922,1', ...Array(600).fill('1568760923,1'), ...Array(700).fill('x,y')],
      /700 lines cannot be read: line 603, column 1 "time": "x" is not a time/,
    ],
    ['of JSON', ['[{"time":1}]'], /it is JSON, not a table\n.*INPUT_FORMAT.*--raw/],
    [
      'of an event of Metricbeat',
      ['{', ' "event": {"dataset": "system.cpu"}', '}'],
      /an event of Metricbeat.*\n.*INPUT_FORMAT=metricbeat/,
    ],
    [
      'with times before September 2001',
      ['time,cpu', '1999-01-01 00:00,1'],
      /is not a time between September 2001/,
    ],
  ])('%s', async (_, lines, expected, options) => {
    expect(await refusal(lines, options)).toMatch(expected)
  })
})

const REAL = join(packageRoot, '..', 'shared', 'data', 'real')
const found = existsSync(REAL) ? readdirSync(REAL) : []

describe.skipIf(found.length === 0)(`the files of ${REAL} (skipped if absent)`, () => {
  it.each<[string, RegExp]>([
    ['01-', /line 1, column 1: "0" is not a time/],
    [
      '02a-',
      /semicolon-separated; time = column 1 .* as seconds .*; cpu = column 5 "CPU usage \[%\]"; \d+ samples$/,
    ],
    ['03-', /cpu = 100 - column 14 "%idle" of all cores .*; 5 samples; left out: 42 lines of single cores/],
    ['05-', /separated by blanks; .*; cpu = 100 - .*; 2 samples; left out: 1 line of averages$/],
    ['07-', /taken for UTC .*; cpu = column 2 "value"; 4032 samples$/],
    ['08-', /cpu = column 3 "cpu_usage"; series = column 2 "container_name"; 102 samples$/],
    ['12-', /event of Metricbeat/],
  ])('%s', async (start, expected) => {
    const name = found.find((each) => each.startsWith(start)) ?? ''
    const said = await openTable(await fileSource(join(REAL, name))).then(
      ({ remark }) => remark,
      (error: Error) => error.message,
    )
    expect(said).toMatch(expected)
  })
})
