import { open, stat } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'

export interface LogOptions {
  readonly follow: boolean
  /** How many of the last lines come first. */
  readonly lines: number
}

const POLL_MS = 150
// Enough for the last lines of a log; whoever needs more can open the file.
const TAIL_BYTES = 4_000_000

/** The last lines of a file, then, with `follow`, the lines that are appended; survives truncation and replacement. */
export async function* followFile(
  path: string,
  options: LogOptions,
  signal: AbortSignal,
): AsyncGenerator<string> {
  let position = (await sizeOf(path)) ?? 0
  const last = await readLines(path, Math.max(0, position - TAIL_BYTES), position)
  yield* options.lines === 0 ? [] : last.slice(-options.lines)
  while (options.follow && !signal.aborted) {
    const size = (await sizeOf(path)) ?? 0
    if (size < position) position = 0 // rotated
    if (size > position) {
      const end = await lastLineEnd(path, position, size)
      yield* await readLines(path, position, end)
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

async function readLines(path: string, start: number, end: number): Promise<string[]> {
  if (end <= start) return []
  const file = await open(path, 'r')
  try {
    const lines: string[] = []
    const input = file.createReadStream({ start, end: end - 1, autoClose: false })
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) lines.push(line)
    return lines
  } finally {
    await file.close()
  }
}

/** Where the last complete line between two positions ends; an incomplete line is left for the next read. */
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
