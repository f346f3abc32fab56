import { describe, expect, it } from 'vitest'
import { settlesWithin, withDeadline } from './deadline.ts'

const never = new Promise<never>(() => undefined)
const late = () => new Error('too late')

describe('withDeadline', () => {
  it('settles as the work does', async () => {
    await expect(withDeadline(Promise.resolve(7), { timeoutMs: 1_000, late })).resolves.toBe(7)
    const failing = Promise.reject(new Error('broken'))
    await expect(withDeadline(failing, { timeoutMs: 1_000, late })).rejects.toThrow('broken')
  })

  it('rejects at the deadline with the error that the caller makes', async () => {
    await expect(withDeadline(never, { timeoutMs: 1, late })).rejects.toThrow('too late')
  })

  it('does not reject at once with a deadline beyond the longest timer of Node', async () => {
    const work = new Promise((resolve) => setTimeout(() => resolve(7), 20))
    await expect(withDeadline(work, { timeoutMs: 2 ** 31, late })).resolves.toBe(7)
  })

  it.each(['before', 'meanwhile'])(
    'rejects with the reason of a signal that was aborted %s',
    async (when) => {
      const controller = new AbortController()
      const abort = () => controller.abort(new Error('interrupted'))
      if (when === 'before') abort()
      const waiting = withDeadline(never, { timeoutMs: 1_000, signal: controller.signal, late })
      if (when === 'meanwhile') abort()
      await expect(waiting).rejects.toThrow('interrupted')
    },
  )

  it('ignores a rejection after the deadline', async () => {
    let reject = (_: Error) => {}
    const promise = new Promise<never>((_, fail) => {
      reject = fail
    })
    await expect(withDeadline(promise, { timeoutMs: 1, late })).rejects.toThrow('too late')
    reject(new Error('much later'))
    await new Promise(setImmediate) // an unhandled rejection would fail this file
  })
})

describe('settlesWithin', () => {
  it('returns whether the work settled in time, even by a rejection', async () => {
    expect(await settlesWithin(Promise.resolve(), 1_000)).toBe(true)
    expect(await settlesWithin(Promise.reject(new Error('broken')), 1_000)).toBe(true)
    expect(await settlesWithin(never, 1)).toBe(false)
  })
})
