import { PipeReader } from '../system/pipe-reader.ts'

const CHECK_EVERY_MS = 1_000

/** The reason of the aborted signal. Whoever read the output has seen enough: not a failure. */
export class ReaderGone extends Error {
  override readonly name = 'ReaderGone'

  constructor() {
    super('the reader of the output has gone')
  }
}

export const stderrReader = (): PipeReader => new PipeReader('/proc/self/fd/2')

/**
 * Aborts when this reader of a pipe, by default that of stdout, has gone (`| head`) or when the given signal aborts.
 * Without this a command that follows something would notice only at its next line, which may be hours away. Call it
 * before the first line: a reader that was never seen is not missed. Nor is one on macOS, where nothing shows who reads a
 * pipe, or one behind a socket (the `stdio: 'pipe'` of Node.js), which does not show its other end: there the next line
 * ends the command.
 */
export function untilReaderGone(signal: AbortSignal, reader = new PipeReader()): AbortSignal {
  if (!reader.find()) return signal
  const gone = new AbortController()
  const timer = setInterval(() => {
    if (!reader.isThere()) gone.abort(new ReaderGone())
  }, CHECK_EVERY_MS)
  timer.unref()
  const either = AbortSignal.any([signal, gone.signal])
  either.addEventListener('abort', () => clearInterval(timer), { once: true })
  return either
}
