import { setTimeout as delay } from 'node:timers/promises'
import type { LogOptions } from '../../system/follow-file.ts'
import type { Attempt } from './application.ts'

const ANSWER_MS = 10_000
const POLL_MS = 1_000
const MAX_BYTES = 4_000_000
/** A generous guess of how long lines are. */
const LINE_BYTES = 500

/** The end of a file in a container's log folder. */
interface LogEnd {
  readonly content: Buffer
  /** Of the whole file, when it was read. */
  readonly length: number
}

/** Reads the last bytes of a container's log file from its node; undefined if that does not have it, or does not answer. */
export type ReadEnd = (attempt: Attempt, file: string, bytes: number) => Promise<LogEnd | undefined>

export const readEndFrom =
  (scheme: string, signal: AbortSignal): ReadEnd =>
  async ({ nodeHttpAddress, containerId }, file, bytes) => {
    const url = `${scheme}//${nodeHttpAddress}/ws/v1/node/containerlogs/${containerId}/${file}?size=-${bytes}`
    const limit = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)])
    try {
      const response = await fetch(url, { signal: limit })
      return response.ok ? logEndIn(Buffer.from(await response.arrayBuffer()), file) : undefined
    } catch {
      signal.throwIfAborted()
      return undefined
    }
  }

/** A NodeManager puts lines of its own before and after those of the file. */
export function logEndIn(answer: Buffer, file: string): LogEnd | undefined {
  const head = answer.indexOf('LogContents:\n')
  const end = answer.lastIndexOf(`End of LogType:${file}`)
  const length = Number(
    answer
      .subarray(0, head)
      .toString()
      .match(/^LogLength:(\d+)$/m)?.[1] ?? Number.NaN,
  )
  if (head < 0 || end < 0 || Number.isNaN(length)) return undefined
  const content = answer.subarray(head + 'LogContents:\n'.length, end)
  // A newline is added to a file that does not end with one.
  return { content: content.subarray(0, Math.min(content.length, length)), length }
}

/** The last lines of a file, and where the last complete one ends; undefined if its node does not have the file. */
export async function lastLines(
  read: ReadEnd,
  attempt: Attempt,
  file: string,
  count: number,
): Promise<{ readonly lines: string[]; readonly position: number } | undefined> {
  const end = await read(attempt, file, Math.min(MAX_BYTES, Math.max(65_536, count * LINE_BYTES)))
  if (!end) return undefined
  const lines = end.content.toString().split('\n')
  const incomplete = Buffer.byteLength(lines.pop() ?? '')
  if (end.length > end.content.length) lines.shift() // it is only the end of a line
  return { lines: count === 0 ? [] : lines.slice(-count), position: end.length - incomplete }
}

/** The last lines, then those that are appended; of an attempt that YARN starts later, all. */
export async function* followAttempts(
  read: ReadEnd,
  current: () => Promise<Attempt | undefined>,
  file: string,
  { lines }: LogOptions,
  signal: AbortSignal,
): AsyncGenerator<string> {
  let followed: string | undefined
  let position = 0
  while (!signal.aborted) {
    const attempt = await current()
    if (attempt && attempt.containerId !== followed) {
      const last = followed === undefined ? await lastLines(read, attempt, file, lines) : undefined
      yield* last?.lines ?? []
      position = last?.position ?? 0
      followed = attempt.containerId
    }
    const added = attempt && (await linesAfter(read, attempt, file, position))
    yield* added?.lines ?? []
    position = added?.position ?? position
    await delay(POLL_MS, undefined, { signal }).catch(() => undefined)
  }
}

/** The complete lines behind a position; the rest of the file is left for the next read. */
async function linesAfter(
  read: ReadEnd,
  attempt: Attempt,
  file: string,
  position: number,
): Promise<{ readonly lines: string[]; readonly position: number } | undefined> {
  const now = await read(attempt, file, 65_536)
  const missing = now ? now.length - position : 0
  if (!now || missing <= 0) return undefined
  const whole = missing > now.content.length ? await read(attempt, file, Math.min(MAX_BYTES, missing)) : now
  if (!whole) return undefined
  const start = whole.length - whole.content.length
  const added = whole.content.subarray(Math.max(0, position - start))
  const complete = added.subarray(0, added.lastIndexOf(10) + 1)
  const lines = complete.toString().split('\n').slice(0, -1)
  return { lines, position: Math.max(position, start) + complete.length }
}
