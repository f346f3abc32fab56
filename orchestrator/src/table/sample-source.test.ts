import { execFileSync } from 'node:child_process'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { newFolder } from '../system/folder.fixture.ts'
import { fileSource, type SampleSource, streamSource, whyNotCsv } from './sample-source.ts'

async function newFile(content: string | Uint8Array): Promise<string> {
  const path = join(await newFolder(), 'samples.csv')
  await writeFile(path, content)
  return path
}

async function textOf(source: SampleSource): Promise<string> {
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
  it('reads a file from its beginning more than once', async () => {
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
  ])('rejects a file that is %s', async (_, content, message) => {
    await expect(fileSource(await newFile(content))).rejects.toThrow(usage(message))
  })

  it('rejects a folder and a missing file', async () => {
    const folder = await newFolder()
    await expect(fileSource(folder)).rejects.toThrow(usage(/it is a folder/))
    await expect(fileSource(join(folder, 'none'))).rejects.toThrow(usage(/there is no such file/))
  })

  it.skipIf(process.getuid?.() === 0)(
    'rejects an unreadable file (skipped for root, who can read every file)',
    async () => {
      const path = await newFile('1,2\n')
      await chmod(path, 0)
      await expect(fileSource(path)).rejects.toThrow(usage(/not readable by this user/))
    },
  )

  it.skipIf(process.platform === 'win32')('reads a named pipe, whose size is unknown', async () => {
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

  it('passes on all bytes', async () => {
    expect(await textOf(streamSource('standard input', chunked('1,2\n', '3,4\n')))).toBe('1,2\n3,4\n')
  })

  it('rejects input that is not CSV before it passes on a byte', async () => {
    await expect(textOf(streamSource('standard input', chunked(gzipSync('1,2\n'))))).rejects.toThrow(
      usage(/standard input: it is compressed/),
    )
    await expect(textOf(streamSource('standard input', chunked()))).rejects.toThrow(usage(/it is empty/))
  })
})

describe('whyNotCsv', () => {
  it.each([
    ['gzip', gzipSync('1,2\n'), /gzip.*gunzip/],
    ['ZIP', Buffer.from('PK\u0003\u0004rest', 'latin1'), /ZIP/],
    ['zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0]), /zstd/],
    ['little-endian UTF-16', Buffer.from('\ufeff1,2', 'utf16le'), /UTF-16/],
    ['big-endian UTF-16', Buffer.from('\ufeff1,2', 'utf16le').swap16(), /UTF-16/],
    ['a NUL byte', Buffer.from('1,2\0'), /binary/],
  ])('explains why %s is not CSV', (_, head, why) => {
    expect(whyNotCsv(head)).toMatch(why)
  })

  it.each(['1509009792670,13.64\n', '"time_millis","cpu"\r\n', '\ufeff1,2\n', 'P', 'äö\n', ''])(
    'accepts %j',
    (head) => {
      expect(whyNotCsv(Buffer.from(head))).toBeUndefined()
    },
  )
})
