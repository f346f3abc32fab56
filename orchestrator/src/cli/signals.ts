import { setMaxListeners } from 'node:events'
import { ReaderGone } from '../terminal/closed-pipe.ts'

const EXIT_BY_SIGNAL = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

export interface Signals {
  /** Aborted by the first SIGINT (Ctrl-C), SIGTERM or SIGHUP, and by `readerGone`: commands clean up and end. */
  readonly signal: AbortSignal
  /** The exit code after a signal, 0 after `readerGone`; undefined if neither came. */
  readonly exitCode: number | undefined
  /** Nobody reads the results any more (`| head`): to the commands that is like Ctrl-C, and it is no failure. */
  readonly readerGone: () => void
}

/** The first signal aborts, so that commands can clean up; a second one exits at once. */
export function listenForSignals(): Signals {
  const controller = new AbortController()
  // Every wait and every request of a command listens to this one signal: many listeners are not a leak.
  setMaxListeners(0, controller.signal)
  let exitCode: number | undefined
  const interrupt = (code: number, reason: Error) => {
    exitCode = code
    controller.abort(reason)
  }
  for (const name of Object.keys(EXIT_BY_SIGNAL) as (keyof typeof EXIT_BY_SIGNAL)[]) {
    process.on(name, () => {
      if (exitCode !== undefined) process.exit(exitCode || EXIT_BY_SIGNAL[name])
      interrupt(EXIT_BY_SIGNAL[name], new Interrupted(name))
    })
  }
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode
    },
    readerGone: () => {
      if (exitCode === undefined) interrupt(0, new ReaderGone())
    },
  }
}

/** The reason of the aborted signal. The user asked for it, so there is nothing to report. */
class Interrupted extends Error {
  constructor(signalName: string) {
    super(`interrupted by ${signalName}`)
    this.name = 'Interrupted'
  }
}
