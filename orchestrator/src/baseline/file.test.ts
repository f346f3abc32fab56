import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { newFolder } from '../system/folder.fixture.ts'
import type { Baseline, Normal } from './baseline.ts'
import { readBaseline, readBaselineFile, writeBaseline } from './file.ts'

const FIRST = '# cpu-anomaly baseline 1, timezone=Europe/Berlin'
const HEADER = 'series,hour_of_week,mean,stddev'

const normal = (series: string | null, hourOfWeek: number | null, mean = 10, stddev = 2): Normal => ({
  series,
  hourOfWeek,
  mean,
  stddev,
})

async function fileOf(...lines: readonly string[]): Promise<string> {
  const path = join(await newFolder(), 'baseline.csv')
  await writeFile(path, lines.join('\n'))
  return path
}

const failureOf = (path: string) => readBaseline(path).catch((error: unknown) => error)

describe('readBaseline', () => {
  it('reads normals of series and hours; an empty field is any', async () => {
    const path = await fileOf(FIRST, HEADER, 'a,0,10,2', 'a,167,1.5e1,.5', 'a,,20,2', ',5,30,2', ',,-4,2', '')
    expect(await readBaseline(path)).toMatchObject({
      timezone: 'Europe/Berlin',
      normals: [
        normal('a', 0),
        normal('a', 167, 15, 0.5),
        normal('a', null, 20),
        normal(null, 5, 30),
        normal(null, null, -4),
      ],
    })
  })

  it('reads names of series as CSV quotes them, and lines that end as those of Windows', async () => {
    const path = await fileOf(
      `\ufeff${FIRST}\r`,
      `${HEADER}\r`,
      '"a,""b""\nc",1,10,2\r',
      '\r',
      '" d",1,10,2\r',
      'é,1,10,2',
    )
    const { normals } = await readBaseline(path)
    expect(normals).toEqual([normal('a,"b"\nc', 1), normal(' d', 1), normal('é', 1)])
  })

  it('keeps the text that was checked, and the checksum of the bytes', async () => {
    const path = await fileOf(FIRST, HEADER, 'a,0,10,2')
    const bytes = await readFile(path)
    const { text, sha256 } = await readBaselineFile(path)
    expect(text).toBe(bytes.toString())
    expect(sha256).toBe(createHash('sha256').update(bytes).digest('hex'))
  })

  it.each<[string, readonly string[], readonly (string | RegExp)[]]>([
    ['nothing', [''], [/^line 1: expected # cpu-anomaly baseline 1, timezone=/]],
    ['samples', ['1509009792670,13.64'], [/^line 1: expected # cpu-anomaly baseline 1/]],
    ['another version', ['# cpu-anomaly baseline 2, timezone=UTC', HEADER], [/^line 1: expected/]],
    [
      'no such time zone',
      ['# cpu-anomaly baseline 1, timezone=Europe/Nowhere', HEADER],
      [/timezone=Europe\/Nowhere: no time zone/],
    ],
    [
      'a zone in another case',
      ['# cpu-anomaly baseline 1, timezone=europe/berlin', HEADER],
      [/: is spelled Europe\/Berlin$/],
    ],
    [
      'letters with several meanings',
      ['# cpu-anomaly baseline 1, timezone=CST', HEADER],
      [/: expected UTC or a name such as/],
    ],
    ['no header', [FIRST], ['line 2: expected series,hour_of_week,mean,stddev']],
    ['another header', [FIRST, 'host,mean', 'a,1'], ['line 2: expected series,hour_of_week,mean,stddev']],
    ['no rows', [FIRST, HEADER, ''], ['line 3: expected a row']],
    [
      'wrong values, all of them, with line and column',
      [FIRST, HEADER, 'a,168,x,0', '"a\nb",-1,1,1', 'a,1.5,1,nan', 'a,1,1e200,1'],
      [
        /^line 3, hour_of_week=168: not an hour of the week; write 0 \(Monday 00:00\) to 167/,
        /^line 3, mean=x: not a decimal number/,
        /^line 3, stddev=0: not a finite number above 0/,
        /^line 4, hour_of_week=-1: not an hour of the week/,
        /^line 6, hour_of_week=1\.5: not an hour/,
        /^line 6, stddev=nan: not a finite number above 0/,
        /^line 7, mean=1e200: beyond 1e\+150/,
      ],
    ],
    [
      'too few columns',
      [FIRST, HEADER, 'a,1,1'],
      ['line 3: has 3 columns; expected series,hour_of_week,mean,stddev'],
    ],
    [
      'too many columns',
      [FIRST, HEADER, 'a,1,1,1,'],
      ['line 3: has 5 columns; expected series,hour_of_week,mean,stddev'],
    ],
    [
      'a quote that is not closed',
      [FIRST, HEADER, '"a,1,1,1', 'b,1,1,1'],
      ['line 3: its quotes are not those of a CSV file'],
    ],
    [
      'a quote within a name',
      [FIRST, HEADER, 'a"b,1,1,1'],
      ['line 3: its quotes are not those of a CSV file'],
    ],
    [
      'a line of blanks',
      [FIRST, HEADER, 'a,1,1,1', '  '],
      ['line 4: has 1 columns; expected series,hour_of_week,mean,stddev'],
    ],
    [
      'the same series and hour twice',
      [FIRST, HEADER, 'a,1,1,1', 'b,1,1,1', 'a,1,2,2', ',,1,1', ',,1,1'],
      [
        'line 5: has the same series and hour_of_week as line 3',
        'line 7: has the same series and hour_of_week as line 6',
      ],
    ],
  ])('refuses %s', async (_, lines, details) => {
    const error = await failureOf(await fileOf(...lines))
    expect(error).toMatchObject({
      code: 'CONFIGURATION',
      details: details.map((each) => (typeof each === 'string' ? each : expect.stringMatching(each))),
    })
  })

  it('names ten of many problems, and counts the rest', async () => {
    const error = await failureOf(await fileOf(FIRST, HEADER, ...Array.from({ length: 15 }, () => 'a,x,1,1')))
    expect(error).toMatchObject({ details: expect.arrayContaining(['and 5 more']) })
    expect((error as { details: string[] }).details).toHaveLength(11)
  })

  it('refuses bytes that are not UTF-8', async () => {
    const path = join(await newFolder(), 'baseline.csv')
    await writeFile(path, Buffer.concat([Buffer.from(`${FIRST}\n${HEADER}\n`), Buffer.from([0xff])]))
    expect(await failureOf(path)).toMatchObject({ details: ['it is not UTF-8'] })
  })

  it('says in words that a file is missing, or a folder', async () => {
    const folder = await newFolder()
    expect(await failureOf(join(folder, 'nothing.csv'))).toMatchObject({
      code: 'CONFIGURATION',
      message: `the baseline ${folder}/nothing.csv cannot be read: there is no such file`,
    })
    await mkdir(join(folder, 'inner'))
    expect(await failureOf(join(folder, 'inner'))).toMatchObject({
      message: expect.stringMatching(/it is a folder$/),
    })
  })
})

describe('writeBaseline', () => {
  it('writes what readBaseline reads', async () => {
    const path = join(await newFolder(), 'baseline.csv')
    const baseline: Baseline = {
      timezone: 'Asia/Kolkata',
      normals: [
        normal('a', 0, 0.1 + 0.2, 1e-7),
        normal('b, "c"\r\nd', 167, 1e21, 3),
        normal(' e ', null, 33.333333333333336, 1),
        normal(null, 3),
        normal(null, null),
      ],
    }
    await writeBaseline(path, baseline)
    expect(await readBaseline(path)).toMatchObject(baseline)
    expect((await readFile(path, 'utf8')).split('\n', 2)).toEqual([
      '# cpu-anomaly baseline 1, timezone=Asia/Kolkata',
      HEADER,
    ])
  })

  it('leaves the old file as it is if it cannot write, and nothing beside it', async () => {
    const folder = await newFolder()
    const path = join(folder, 'baseline.csv')
    await writeFile(path, 'old')
    const normals = [normal('a', 0), undefined as unknown as Normal]
    await expect(writeBaseline(path, { timezone: 'UTC', normals })).rejects.toMatchObject({ code: 'STORAGE' })
    expect(await readFile(path, 'utf8')).toBe('old')
    expect(await readdir(folder)).toEqual(['baseline.csv'])
  })

  it('reads and writes every hour of hundreds of series', async () => {
    const path = join(await newFolder(), 'baseline.csv')
    const normals = Array.from({ length: 300 * 168 }, (_, nth) =>
      normal(`host-${Math.floor(nth / 168)}`, nth % 168, nth / 1e5, 2.7),
    )
    await writeBaseline(path, { timezone: 'UTC', normals })
    const read = await readBaseline(path)
    expect(read.normals).toHaveLength(normals.length)
    expect(read.normals.at(-1)).toEqual(normals.at(-1))
  })
})
