import { setTimeout as sleep } from 'node:timers/promises'

export interface Look<T> {
  readonly done: boolean
  readonly value: T
  /** What is there instead, for the message of a failure. */
  readonly seen: string
}

/** Looks until it is done. @throws Error at the deadline, with what was seen last. */
export async function waitFor<T>(what: string, look: () => Promise<Look<T>>, timeoutMs: number): Promise<T> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const { done, value, seen } = await look()
    if (done) return value
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs / 1000} s for ${what}; last seen: ${seen}`)
    await sleep(100)
  }
}
