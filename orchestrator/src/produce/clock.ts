import { CliError } from '../errors.ts'
import { formatTimeSpan } from '../terminal/units.ts'

/** Less is the network, or a clock that is being adjusted. */
const TOLERATED_MS = 1_000

/**
 * Compares this machine's clock, which stamps the samples, with the broker's.
 * @throws CliError USAGE when all samples would become dead letters, unless they are sent anyway.
 */
export function checkClock(
  aheadMs: number,
  { maxFutureSkewMs }: { readonly maxFutureSkewMs: number },
  isSentAnyway: boolean,
  warn: (line: string) => void,
): void {
  if (Math.abs(aheadMs) <= TOLERATED_MS) return
  const span = formatTimeSpan(Math.abs(aheadMs))
  const message = `this machine's clock is ${span} ${aheadMs > 0 ? 'ahead of' : 'behind'} the broker's`
  const hint = 'Set the clocks right, for example with NTP.'
  if (aheadMs > maxFutureSkewMs && !isSentAnyway)
    throw new CliError(
      'USAGE',
      `${message}, more than MAX_FUTURE_SKEW (${formatTimeSpan(maxFutureSkewMs)}): the samples sent so far become dead letters (future), and the rest was not sent`,
      { hint },
    )
  warn(
    aheadMs > 0
      ? `${message}: samples of producers whose clocks are right may be late, in no window. ${hint}`
      : `${message}: these samples may be late, in no window. ${hint}`,
  )
}
