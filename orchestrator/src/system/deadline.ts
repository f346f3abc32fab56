/** Of Node's timers, 25 days: one that is longer fires at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1

export interface Deadline {
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** Makes the error to reject with at the deadline. */
  readonly late: () => Error
}

/** Settles as `work` does; rejects with `late()` at the deadline, or with the signal's reason when it aborts first. */
export async function withDeadline<T>(work: Promise<T>, { timeoutMs, signal, late }: Deadline): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  let abort = () => {}
  const ended = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), Math.min(timeoutMs, LONGEST_TIMER_MS))
    abort = () => reject(signal?.reason)
    if (signal?.aborted) abort()
    else signal?.addEventListener('abort', abort, { once: true })
  })
  try {
    return await Promise.race([work, ended])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
}

/** True if `work` settles within `ms`, even by a rejection; whatever it does later is ignored. */
export async function settlesWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  const settled = work.then(
    () => true,
    () => true,
  )
  return withDeadline(settled, { timeoutMs: ms, late: () => new Error('late') }).catch(() => false)
}
