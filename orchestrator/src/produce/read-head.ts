import { setTimeout as sleep } from 'node:timers/promises'
import { CliError } from '../errors.ts'

export interface HeadLimits {
  /** The head ends when nothing has arrived for so long; undefined: only at the end of the input. */
  readonly idleMs?: number
  /** The head ends this long after its first lines. */
  readonly withinMs?: number
  readonly maxBytes: number
  /** Why an input that has not ended after `maxBytes` cannot be used; undefined: the head just ends there. */
  readonly whyWhole?: string
  /** The head grows, however long it takes, until this is true of some lines that arrived together. */
  readonly isEnough: (lines: readonly Buffer[]) => boolean
}

/** The first lines of a stream, and all lines including those. */
export interface StreamHead {
  readonly head: readonly Buffer[]
  /** The stream has ended: the head is all of it. */
  readonly isComplete: boolean
  readonly all: AsyncIterable<readonly Buffer[]>
}

/**
 * Reads the first lines of a stream, which may never end, without losing or delaying the others.
 * @throws CliError USAGE for a stream that is too long to be used as a whole.
 */
export async function readHead(
  lines: AsyncIterable<readonly Buffer[]>,
  limits: HeadLimits,
): Promise<StreamHead> {
  const source = lines[Symbol.asyncIterator]()
  const head: Buffer[] = []
  let bytes = 0
  let startedAt: number | undefined
  let isEnough = false
  for (;;) {
    const next = source.next()
    const waitMs = isEnough ? patience(limits, startedAt) : undefined
    const item = waitMs === undefined ? await next : await settledWithin(next, waitMs)
    if (item === undefined) return { head, isComplete: false, all: resume(head, next, source) }
    if (item.done) return { head, isComplete: true, all: once(head) }
    startedAt ??= performance.now()
    isEnough ||= limits.isEnough(item.value)
    for (const line of item.value) {
      head.push(line)
      bytes += line.length
    }
    if (bytes <= limits.maxBytes) continue
    if (limits.whyWhole)
      throw new CliError('USAGE', `the input is too long: ${limits.whyWhole}`, {
        hint: 'Write it to a file first, and send that.',
      })
    const following = source.next()
    following.catch(() => undefined) // whoever reads on gets it
    return { head, isComplete: false, all: resume(head, following, source) }
  }
}

function patience({ idleMs, withinMs }: HeadLimits, startedAt: number | undefined): number | undefined {
  if (withinMs === undefined || startedAt === undefined) return idleMs
  return Math.max(startedAt + withinMs - performance.now(), 0)
}

/** Undefined if the promise has not settled after so long. */
async function settledWithin<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  const over = new AbortController()
  try {
    return await Promise.race([promise, sleep(ms, undefined, { signal: over.signal })])
  } finally {
    over.abort()
  }
}

async function* once(lines: readonly Buffer[]): AsyncGenerator<readonly Buffer[]> {
  yield lines
}

async function* resume(
  head: readonly Buffer[],
  next: Promise<IteratorResult<readonly Buffer[]>>,
  source: AsyncIterator<readonly Buffer[]>,
): AsyncGenerator<readonly Buffer[]> {
  try {
    yield head
    for (let item = await next; !item.done; item = await source.next()) yield item.value
  } finally {
    // Not awaited: an idle source would not return before its next item.
    void source.return?.().catch(() => {})
  }
}
