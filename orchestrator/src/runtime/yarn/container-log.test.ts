import { describe, expect, it } from 'vitest'
import { followAttempts, lastLines, logEndIn, type ReadEnd } from './container-log.ts'

/** As a NodeManager of Hadoop 3.5 answers. */
const answer = (content: string, length = Buffer.byteLength(content)): Buffer =>
  Buffer.from(
    `Container: c on n:1\nLogAggregationType: LOCAL\n=====\nLogType:stdout\nLogLastModifiedTime:x\nLogLength:${length}\nLogContents:\n${content}${content.endsWith('\n') ? '' : '\n'}End of LogType:stdout.This log file belongs to a running container (c) and so may not be complete.\n****\n\n`,
  )

const attempt = (id: number) => ({ id, startTime: 0, containerId: `c${id}`, nodeHttpAddress: 'n:1' })

/** Reads from these files, by container. */
const readFrom =
  (files: Record<string, string>): ReadEnd =>
  async ({ containerId }, _file, bytes) => {
    const whole = Buffer.from(files[containerId] ?? '')
    if (!(containerId in files)) return undefined
    return { content: whole.subarray(Math.max(0, whole.length - bytes)), length: whole.length }
  }

describe("a container's log", () => {
  it('is taken out of what its node answers', () => {
    const read = (text: Buffer) => {
      const end = logEndIn(text, 'stdout')
      return end && [end.content.toString(), end.length]
    }
    expect(read(answer('a\nEnd of LogType:stdout\nb\n'))).toEqual(['a\nEnd of LogType:stdout\nb\n', 26])
    expect(read(answer('a\nb'))).toEqual(['a\nb', 3])
    expect(read(answer('', 0))).toEqual(['', 0])
    expect(read(answer('lines\n', 900))).toEqual(['lines\n', 900])
    expect(read(Buffer.from('<html>not found</html>'))).toBeUndefined()
  })

  it('is shown from its last complete lines', async () => {
    const read = readFrom({ c1: 'one\ntwo\nthree\nfo' })
    expect(await lastLines(read, attempt(1), 'stdout', 2)).toEqual({ lines: ['two', 'three'], position: 14 })
    expect(await lastLines(read, attempt(1), 'stdout', 0)).toEqual({ lines: [], position: 14 })
    expect(await lastLines(read, attempt(2), 'stdout', 2)).toBeUndefined()
    const long = readFrom({ c1: `${'x'.repeat(100_000)}\nlast\n` })
    expect((await lastLines(long, attempt(1), 'stdout', 9))?.lines).toEqual(['last'])
  })

  it('is followed into the attempts that YARN starts later', async () => {
    const files: Record<string, string> = { c1: 'old\nlast\n' }
    let now = attempt(1)
    const over = new AbortController()
    const seen: string[] = []
    const lines = followAttempts(
      readFrom(files),
      async () => now,
      'stdout',
      { follow: true, lines: 1 },
      over.signal,
    )
    for await (const line of lines) {
      seen.push(line)
      if (line === 'last') files.c1 += `new\n${'y'.repeat(70_000)}\nha`
      if (line.startsWith('y')) files.c1 += 'lf\n'
      if (line === 'half') {
        files.c2 = 'again\n'
        now = attempt(2)
      }
      if (line === 'again') over.abort()
    }
    expect(seen).toEqual(['last', 'new', 'y'.repeat(70_000), 'half', 'again'])
  })
})
