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
  /** A head that has not ended so long after its first lines is shown to `onLong`, once; true ends it. */
  readonly longMs?: number
  readonly onLong?: (head: readonly Buffer[], elapsedMs: number) => boolean
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
  const patience = new Patience(limits, head)
  let bytes = 0
  for (;;) {
    const next = source.next()
    const item = await patience.waitFor(next)
    if (item === undefined) return { head, isComplete: false, all: resume(head, next, source) }
    if (item.done) return { head, isComplete: true, all: once(head) }
    patience.see(item.value)
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

/** How long to wait for more lines. */
class Patience {
  readonly #limits: HeadLimits
  readonly #head: readonly Buffer[]
  #startedAt: number | undefined
  #isEnough = false
  #isAsked = false

  constructor(limits: HeadLimits, head: readonly Buffer[]) {
    this.#limits = limits
    this.#head = head
  }

  see(lines: readonly Buffer[]): void {
    this.#startedAt ??= performance.now()
    this.#isEnough ||= this.#limits.isEnough(lines)
  }

  /** Undefined if the head ends before the next lines arrive. */
  async waitFor<T>(next: Promise<T>): Promise<T | undefined> {
    for (;;) {
      const [endMs, askMs] = [this.#endMs(), this.#askMs()]
      const waitMs = Math.min(endMs, askMs)
      const item = waitMs === Number.POSITIVE_INFINITY ? await next : await settledWithin(next, waitMs)
      if (item !== undefined || endMs <= askMs) return item
      this.#isAsked = true
      if (this.#limits.onLong?.(this.#head, this.#elapsedMs())) return undefined
    }
  }

  #endMs(): number {
    const { idleMs = Number.POSITIVE_INFINITY, withinMs } = this.#limits
    if (!this.#isEnough) return Number.POSITIVE_INFINITY
    return withinMs === undefined ? idleMs : Math.max(withinMs - this.#elapsedMs(), 0)
  }

  #askMs(): number {
    const { longMs } = this.#limits
    if (longMs === undefined || this.#startedAt === undefined || this.#isAsked)
      return Number.POSITIVE_INFINITY
    return Math.max(longMs - this.#elapsedMs(), 0)
  }

  /** Since the first lines. */
  #elapsedMs(): number {
    const now = performance.now()
    return now - (this.#startedAt ?? now)
  }
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
