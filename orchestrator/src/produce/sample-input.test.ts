import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { newFolder } from '../system/folder.fixture.ts'
import { useVirtualTime } from '../system/virtual-time.fixture.ts'
import { fileSource, streamSource } from '../table/sample-source.ts'
import { type Foresight, type InputOptions, openInput, type SampleInput } from './sample-input.ts'

vi.mock('node:timers/promises', () => import('../system/virtual-time.fixture.ts'))

const T = 1_509_009_792_000
const unchanged = (chunks: AsyncIterable<Buffer>) => chunks
const signal = new AbortController().signal

const options: InputOptions = {
  foresight: 'moments',
  columns: {},
  isKeyed: false,
  anyway: false,
  countBytes: unchanged,
  warn: expect.fail,
  signal,
}

async function textOf(lines: ReturnType<SampleInput['all']>): Promise<string[]> {
  const all: string[] = []
  for await (const some of lines) all.push(...some.map(({ bytes }) => String(bytes)))
  return all
}

const text = '\ufefftime,cpu\r\n1509009792670,1\r\n'
const lines = ['time,cpu', '1509009792670,1']

/** All of the input is known, as often as it is read. */
async function expectWhole(input: Awaited<ReturnType<typeof openInput>>): Promise<void> {
  expect([
    input.isComplete,
    await textOf(input.known()),
    await textOf(input.known()),
    await textOf(input.all()),
  ]).toEqual([true, lines, lines, lines])
}

describe('openInput', () => {
  it('reads a file as often as needed, without its byte order mark', async () => {
    const path = join(await newFolder(), 'cpu.csv')
    await writeFile(path, text)
    const input = await openInput(await fileSource(path), options)
    await expectWhole(input)
  })

  it.each(['moments', 'present', 'whole'] as const)('knows all of a short stream: %s', async (foresight) => {
    const stream = (async function* () {
      yield Buffer.from(text)
    })()
    const input = await openInput(streamSource('standard input', stream), { ...options, foresight })
    await expectWhole(input)
  })

  it('does not wait for the end of a stream that has begun', async () => {
    const stream = (async function* () {
      yield Buffer.from(text)
      await new Promise(() => undefined)
    })()
    const input = await openInput(streamSource('standard input', stream), options)
    expect([input.isComplete, await textOf(input.known())]).toEqual([false, lines])
  })

  describe('of a stream that goes on', () => {
    /** Fifteen lines, one every half second, and then pauses. */
    const openFeed = async (foresight: Foresight, line: (index: number) => string) => {
      useVirtualTime()
      const stream = (async function* () {
        for (let index = 0; ; index += 1) {
          yield Buffer.from(`${line(index)}\n`)
          await new Promise((resolve) => setTimeout(resolve, index < 14 ? 500 : 2_000))
        }
      })()
      const warn = vi.fn()
      const input = await openInput(streamSource('standard input', stream), { ...options, foresight, warn })
      return { known: await textOf(input.known()), warnings: warn.mock.calls.flat() }
    }

    it.each(['moments', 'present'] as const)(
      'says that it has no sample yet, and goes on: %s',
      async (foresight) => {
        const feed = (index: number) => (index < 14 ? `${T + index};1` : `${T},1`)
        const { known, warnings } = await openFeed(foresight, feed)
        expect(known).toHaveLength(15)
        expect(warnings).toEqual([expect.stringMatching(/no sample yet: line 1 is separated by a semicolon/)])
      },
    )

    it('takes what a live feed has sent in some seconds for what is there now', async () => {
      const { known, warnings } = await openFeed('present', (index) => `${T + index * 500},1`)
      expect(known.length).toBeLessThan(12)
      expect(warnings).toEqual([])
    })

    it('says that it waits for the newest sample of a file', async () => {
      const { known, warnings } = await openFeed('present', (index) => `${T + index * 60_000},1`)
      expect(known).toHaveLength(15)
      expect(warnings).toEqual([expect.stringMatching(/--now waits .*--rate/)])
    })
  })

  it('reads a stream that is a table to its end', async () => {
    const stream = (async function* () {
      yield Buffer.from('time;cpu\n2017-10-26T09:23:12Z;1\n')
      yield Buffer.from('2017-10-26T09:23:13Z;2')
    })()
    const input = await openInput(streamSource('standard input', stream), options)
    expect([input.isComplete, input.table?.count, await textOf(input.all())]).toEqual([
      true,
      2,
      [`${T},1`, `${T + 1_000},2`],
    ])
  })

  it('takes a file for a table if anything is said about its columns', async () => {
    const path = join(await newFolder(), 'cpu.csv')
    await writeFile(path, text)
    const columns = { from: 'idle' } as const
    const input = await openInput(await fileSource(path), { ...options, columns })
    expect(await textOf(input.all())).toEqual(['1509009792670,99'])
  })

  it.each(['timestamp,node_cpu_seconds_total', 'time,mem_percent'])(
    'refuses samples under the header %s',
    async (header) => {
      const path = join(await newFolder(), 'other.csv')
      await writeFile(path, `${header}\n1509009792670,7000\n1509009793670,7001\n`)
      await expect(openInput(await fileSource(path), options)).rejects.toMatchObject({
        code: 'USAGE',
        message: expect.stringMatching(/is a counter that only grows|no column is named like CPU usage/),
      })
    },
  )

  it('refuses to keep a large file in memory', async () => {
    const read = async function* () {
      yield Buffer.from(text)
    }
    const source = { name: 'cpu.csv', size: 100_000_001, read }
    await expect(openInput(source, { ...options, foresight: 'whole' })).rejects.toMatchObject({
      code: 'USAGE',
      hint: expect.stringContaining('sort -n'),
    })
  })
})
