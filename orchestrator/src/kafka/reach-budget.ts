/** The time that all checks have together, from the first one on. */
export class Budget {
  readonly #totalMs: number
  #endsAt: number | undefined

  constructor(totalMs: number) {
    this.#totalMs = totalMs
  }

  /** Aborts after `limitMs`, when the time of all checks is over, or with `signal`. */
  limit(limitMs: number, signal: AbortSignal): AbortSignal {
    this.#endsAt ??= performance.now() + this.#totalMs
    const restMs = Math.max(this.#endsAt - performance.now(), 1)
    return AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(Math.min(limitMs, restMs)))])
  }
}
