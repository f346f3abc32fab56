import { setMaxListeners } from 'node:events'

const EXIT_BY_SIGNAL = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

export interface Signals {
  /** Aborted by the first SIGINT (Ctrl-C), SIGTERM or SIGHUP: commands clean up and end. */
  readonly signal: AbortSignal
  /** The exit code after a signal; undefined if none came. */
  readonly exitCode: number | undefined
}

/** The first signal aborts, so that commands can clean up; a second one exits at once. */
export function listenForSignals(): Signals {
  const controller = new AbortController()
  // Every wait and every request of a command listens to this one signal: many listeners are not a leak.
  setMaxListeners(0, controller.signal)
  let exitCode: number | undefined
  for (const name of Object.keys(EXIT_BY_SIGNAL) as (keyof typeof EXIT_BY_SIGNAL)[]) {
    process.on(name, () => {
      if (exitCode !== undefined) process.exit(exitCode)
      exitCode = EXIT_BY_SIGNAL[name]
      controller.abort(new Interrupted(name))
    })
  }
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode
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
