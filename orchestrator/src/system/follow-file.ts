import { open, stat } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'

export interface LogOptions {
  readonly follow: boolean
  /** How many of the last lines to begin with. */
  readonly lines: number
}

const POLL_MS = 150
// Enough for the last lines of a log; a longer look back is what the file itself is for.
const TAIL_BYTES = 4_000_000

/** Lines of a file, beginning with its last ones; follows it through truncation and replacement. */
export async function* followFile(
  path: string,
  options: LogOptions,
  signal: AbortSignal,
): AsyncGenerator<string> {
  let position = 0
  const size = await sizeOf(path)
  const first = size === undefined ? [] : await lines(path, Math.max(0, size - TAIL_BYTES), size)
  yield* options.lines === 0 ? [] : first.slice(-options.lines)
  position = size ?? 0
  while (options.follow && !signal.aborted) {
    const now = (await sizeOf(path)) ?? 0
    if (now < position) position = 0 // rotated
    if (now > position) {
      const end = await lastLineEnd(path, position, now)
      yield* await lines(path, position, end)
      position = end
    }
    await delay(POLL_MS, undefined, { signal }).catch(() => undefined)
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    (info) => info.size,
    () => undefined,
  )
}

async function lines(path: string, start: number, end: number): Promise<string[]> {
  if (end <= start) return []
  const file = await open(path, 'r')
  try {
    const found: string[] = []
    const input = file.createReadStream({ start, end: end - 1, autoClose: false })
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) found.push(line)
    return found
  } finally {
    await file.close()
  }
}

/** Where the last complete line between two positions ends: half a line waits for its other half. */
async function lastLineEnd(path: string, start: number, end: number): Promise<number> {
  const file = await open(path, 'r')
  try {
    const length = Math.min(end - start, TAIL_BYTES)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, start)
    const newline = buffer.subarray(0, bytesRead).lastIndexOf(10)
    return newline < 0 ? start : start + newline + 1
  } finally {
    await file.close()
  }
}
