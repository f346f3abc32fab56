import { execFileSync } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { fileSource, type Source, streamSource } from './source.ts'

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'cpu-anomaly-source-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function newFile(content: string | Uint8Array): Promise<string> {
  const path = join(await newFolder(), 'samples.csv')
  await writeFile(path, content)
  return path
}

async function textOf(source: Source): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of source.read()) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

const usage = (message: RegExp) =>
  expect.objectContaining({
    code: 'USAGE',
    message: expect.stringMatching(message),
    hint: expect.stringContaining('CSV'),
  })

describe('fileSource', () => {
  it('reads a file from its beginning as often as it is asked', async () => {
    const text = 'time,cpu\n1,2\n'.repeat(40_000)
    const source = await fileSource(await newFile(text))
    expect(source.size).toBe(text.length)
    expect(await textOf(source)).toBe(text)
    expect(await textOf(source)).toBe(text)
  })

  it.each<[string, string | Uint8Array, RegExp]>([
    ['empty', '', /samples\.csv: it is empty/],
    ['compressed', gzipSync('1,2\n'), /it is compressed with gzip/],
    ['binary', Buffer.from([1, 0, 2]), /it is binary/],
  ])('refuses one that is %s', async (_, content, message) => {
    await expect(fileSource(await newFile(content))).rejects.toThrow(usage(message))
  })

  it('refuses a directory and what is not there', async () => {
    const folder = await newFolder()
    await expect(fileSource(folder)).rejects.toThrow(usage(/it is a directory/))
    await expect(fileSource(join(folder, 'none'))).rejects.toThrow(usage(/there is no such file/))
  })

  it.skipIf(process.getuid?.() === 0)(
    'refuses an unreadable file (skipped for root, who reads all)',
    async () => {
      const path = await newFile('1,2\n')
      await chmod(path, 0)
      await expect(fileSource(path)).rejects.toThrow(usage(/not readable by this user/))
    },
  )

  it.skipIf(process.platform === 'win32')('reads a named pipe, whose size is not known', async () => {
    const path = join(await newFolder(), 'pipe')
    execFileSync('mkfifo', [path])
    const written = writeFile(path, '1,2\n3,4\n')
    const source = await fileSource(path)
    expect(source.size).toBeUndefined()
    expect(await textOf(source)).toBe('1,2\n3,4\n')
    await written
  })
})

describe('streamSource', () => {
  async function* chunked(...chunks: readonly (string | Uint8Array)[]): AsyncGenerator<Buffer> {
    for (const chunk of chunks) yield Buffer.from(chunk)
  }

  it('passes all bytes on', async () => {
    expect(await textOf(streamSource('standard input', chunked('1,2\n', '3,4\n')))).toBe('1,2\n3,4\n')
  })

  it('refuses what is no CSV before the first byte is passed on', async () => {
    await expect(textOf(streamSource('standard input', chunked(gzipSync('1,2\n'))))).rejects.toThrow(
      usage(/standard input: it is compressed/),
    )
    await expect(textOf(streamSource('standard input', chunked()))).rejects.toThrow(usage(/it is empty/))
  })
})
