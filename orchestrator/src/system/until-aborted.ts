/** Yields the source's items until the signal aborts, even while the source is idle; later items are discarded. */
export async function* untilAborted<T>(items: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const source = items[Symbol.asyncIterator]()
  let isDone = false
  try {
    while (!isDone) {
      const next = await beforeAbort(source.next(), signal)
      isDone = next?.done === true
      if (!next || next.done) return
      yield next.value
    }
  } finally {
    // Not awaited: an idle source would not return before its next item.
    if (!isDone) void source.return?.().catch(() => {})
  }
}

/** Undefined if the signal aborts first. One listener per wait: a promise shared by all waits would retain every race. */
async function beforeAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  let abort = () => {}
  const aborted = new Promise<undefined>((resolve) => {
    abort = () => resolve(undefined)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
