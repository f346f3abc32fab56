/** The same items, but ends when the signal aborts, also while the source is silent; what that still gives is left. */
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
    // Not awaited: a source that is silent would not answer before its next item.
    if (!isDone) void source.return?.().catch(() => {})
  }
}

/** Undefined when the signal aborts first. A listener for each wait: one promise for all would hold on to every race. */
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
