import { setTimeout as sleep } from 'node:timers/promises'

export interface Check<T> {
  readonly done: boolean
  readonly value: T
  /** The state that was seen, for the message of a failure. */
  readonly seen: string
}

/** Repeats the check until it is done. @throws Error at the deadline, with the state that was seen last. */
export async function waitFor<T>(
  what: string,
  check: () => Promise<Check<T>>,
  timeoutMs: number,
): Promise<T> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const { done, value, seen } = await check()
    if (done) return value
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs / 1000} s for ${what}; last seen: ${seen}`)
    await sleep(100)
  }
}
