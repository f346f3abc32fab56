import { constants, fstatSync } from 'node:fs'
import { open } from 'node:fs/promises'

const CHECK_EVERY_MS = 500
const STDOUT = 1
export const STDERR = 2

/** The reason of the aborted signal. Whoever read the output has seen enough: not a failure. */
export class ReaderGone extends Error {
  override readonly name = 'ReaderGone'

  constructor() {
    super('the reader of the output has gone')
  }
}

/**
 * Aborts when this stream is a pipe whose reader has gone (`| head`) or when the given signal aborts. Without this a
 * command that follows something would notice only at its next line, which may be hours away.
 */
export function untilReaderGone(signal: AbortSignal, fd = STDOUT, path = `/proc/self/fd/${fd}`): AbortSignal {
  if (!isPipe(fd)) return signal
  const gone = new AbortController()
  const timer = setInterval(async () => {
    if (await hasNoReader(path)) gone.abort(new ReaderGone())
  }, CHECK_EVERY_MS)
  timer.unref()
  const either = AbortSignal.any([signal, gone.signal])
  either.addEventListener('abort', () => clearInterval(timer), { once: true })
  return either
}

function isPipe(fd: number): boolean {
  try {
    return fstatSync(fd).isFIFO()
  } catch {
    return false
  }
}

/** Linux refuses to open a pipe for writing, without waiting, if no one reads it. Elsewhere this is not known. */
async function hasNoReader(path: string): Promise<boolean> {
  try {
    const pipe = await open(path, constants.O_WRONLY | constants.O_NONBLOCK)
    await pipe.close()
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENXIO'
  }
}
