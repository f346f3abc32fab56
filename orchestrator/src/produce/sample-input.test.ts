import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { newFolder } from '../system/folder.fixture.ts'
import { openInput, type SampleInput } from './sample-input.ts'
import { fileSource, streamSource } from './sample-source.ts'

const unchanged = (chunks: AsyncIterable<Buffer>) => chunks
const signal = new AbortController().signal

async function textOf(lines: ReturnType<SampleInput['all']>): Promise<string[]> {
  const all: string[] = []
  for await (const some of lines) all.push(...some.map(String))
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
    const input = await openInput(await fileSource(path), 'moments', unchanged, signal)
    await expectWhole(input)
  })

  it.each(['moments', 'present', 'whole'] as const)('knows all of a short stream: %s', async (foresight) => {
    const stream = (async function* () {
      yield Buffer.from(text)
    })()
    const input = await openInput(streamSource('standard input', stream), foresight, unchanged, signal)
    await expectWhole(input)
  })

  it('does not wait for the end of a stream that has begun', async () => {
    const stream = (async function* () {
      yield Buffer.from(text)
      await new Promise(() => undefined)
    })()
    const input = await openInput(streamSource('standard input', stream), 'moments', unchanged, signal)
    expect([input.isComplete, await textOf(input.known())]).toEqual([false, lines])
  })

  it('refuses to keep a large file in memory', async () => {
    const source = { name: 'cpu.csv', size: 100_000_001, read: expect.fail }
    await expect(openInput(source, 'whole', unchanged, signal)).rejects.toMatchObject({
      code: 'USAGE',
      hint: expect.stringContaining('sort -n'),
    })
  })
})
