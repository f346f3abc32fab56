import { CliError } from '../errors.ts'
import { formatTimeSpan } from '../terminal/units.ts'
import type { Finding } from './findings.ts'

/** Less is the network, or a clock that is being adjusted. */
export const TOLERATED_MS = 1_000
export const SET_CLOCKS = 'Set the clocks right, for example with NTP.'

/**
 * How far this machine's clock is ahead of the broker's at least (negative: behind), by the time at which the broker
 * appended what was sent and answered meanwhile. Epoch milliseconds.
 */
export function clockAhead(sentMs: number, answeredMs: number, appendedMs: number): number {
  if (appendedMs < sentMs) return sentMs - appendedMs
  return Math.min(answeredMs - appendedMs, 0)
}

/** What to say of samples that this machine's clock stamps. */
export function clockFindings(aheadMs: number, maxFutureSkewMs: number): Finding[] {
  if (Math.abs(aheadMs) <= TOLERATED_MS) return []
  const difference = clockDifference(aheadMs)
  if (aheadMs > maxFutureSkewMs)
    return [
      {
        kind: 'refuse',
        message: `${difference}, more than the ${formatTimeSpan(maxFutureSkewMs)} that are allowed (MAX_FUTURE_SKEW, in real-time mode plus CHECKPOINT_INTERVAL): the samples become dead letters (future)`,
        hint: SET_CLOCKS,
      },
    ]
  const whose = aheadMs > 0 ? 'samples of producers whose clocks are right' : 'these samples'
  return [{ kind: 'warn', message: `${difference}: ${whose} may be late, in no window`, hint: SET_CLOCKS }]
}

/** In words: `this machine's clock is 2 min ahead of the broker's`. */
export function clockDifference(aheadMs: number): string {
  if (Math.abs(aheadMs) <= TOLERATED_MS) return "this machine's clock agrees with the broker's"
  const where = aheadMs > 0 ? 'ahead of' : 'behind'
  return `this machine's clock is ${formatTimeSpan(Math.abs(aheadMs))} ${where} the broker's`
}

interface ClockWatchOptions {
  /** How far the clock was thought to be ahead before anything was sent; negative: behind by at least so much, and said. */
  readonly knownAheadMs: number
  readonly isSentAnyway: boolean
  /** What to say of the samples, if the clock is so far ahead. */
  readonly judge: (aheadMs: number) => Finding[] | Promise<Finding[]>
  readonly warn: (line: string) => void
}

/** Compares this machine's clock with the broker's while samples are sent, and says when the difference changes. */
export class ClockWatch {
  readonly #options: ClockWatchOptions
  #saidMs: number | undefined

  constructor(options: ClockWatchOptions) {
    this.#options = options
  }

  /** @throws CliError USAGE when all samples become dead letters, unless they are sent anyway. */
  readonly see = async (aheadMs: number): Promise<void> => {
    const { knownAheadMs, isSentAnyway, judge, warn } = this.#options
    const isKnown = this.#saidMs === undefined && knownAheadMs < 0 && aheadMs < knownAheadMs
    const hasChanged = Math.abs(aheadMs - (this.#saidMs ?? knownAheadMs)) > TOLERATED_MS
    if (this.#saidMs === undefined || hasChanged) this.#saidMs = aheadMs
    if (!hasChanged || isKnown) return
    for (const { kind, message, hint } of await judge(aheadMs)) {
      if (kind === 'refuse' && !isSentAnyway)
        throw new CliError('USAGE', `${message}; nothing more was sent`, hint ? { hint } : {})
      warn(hint ? `${message}\n${hint}` : message)
    }
  }
}
