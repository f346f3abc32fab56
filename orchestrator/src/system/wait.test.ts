import { describe, expect, it } from 'vitest'
import { arrived, notYet, WaitTimeout, waitUntil } from './wait.ts'

const FAST = { timeoutMs: 5_000, intervalMs: 1 }

describe('waitUntil', () => {
  it('polls until the check returns the awaited value', async () => {
    let checks = 0
    const value = await waitUntil(
      'the third check',
      async () => (++checks === 3 ? arrived(checks) : notYet('no')),
      FAST,
    )
    expect(value).toBe(3)
  })

  it.each([undefined, false, 0, ''])('returns %j if that is what arrived', async (value) => {
    expect(await waitUntil('something', async () => arrived(value), FAST)).toBe(value)
  })

  it('rejects at the deadline with what was awaited, for how long, and the last state', async () => {
    let checks = 0
    const waiting = waitUntil('a broker', async () => notYet(`check ${++checks}`), {
      timeoutMs: 50,
      intervalMs: 5,
    })
    await expect(waiting).rejects.toThrow(WaitTimeout)
    await expect(waiting).rejects.toThrow(/^a broker: not within 0\.05 s; last seen: check \d+$/)
    await expect(waiting).rejects.toMatchObject({ lastSeen: expect.stringMatching(/^check [1-9]/) })
  })

  it('does not end at once with a deadline beyond the longest timer of Node', async () => {
    let checks = 0
    const third = async () => (++checks === 3 ? arrived(checks) : notYet('no'))
    expect(await waitUntil('the third check', third, { timeoutMs: 2 ** 31, intervalMs: 10 })).toBe(3)
  })

  it('ends at the deadline even if a check hangs', async () => {
    const waiting = waitUntil('an answer', () => new Promise<never>(() => undefined), { timeoutMs: 20 })
    await expect(waiting).rejects.toThrow('an answer: not within 0.02 s; last seen: nothing yet')
  })

  it('ends when the signal aborts even if a check hangs', async () => {
    const controller = new AbortController()
    const hanging = () => {
      setImmediate(() => controller.abort(new Error('interrupted by SIGINT')))
      return new Promise<never>(() => undefined)
    }
    const waiting = waitUntil('an answer', hanging, { timeoutMs: 60_000, signal: controller.signal })
    await expect(waiting).rejects.toThrow('interrupted by SIGINT')
  })

  it('rethrows at once what the check throws', async () => {
    const broken = async () => {
      throw new RangeError('broken')
    }
    await expect(waitUntil('anything', broken, { timeoutMs: 60_000 })).rejects.toThrow(RangeError)
  })

  it("rejects with the signal's own reason when it aborts", async () => {
    const controller = new AbortController()
    const reason = new Error('interrupted by SIGINT')
    const check = async () => {
      controller.abort(reason)
      return notYet('no')
    }
    const waiting = waitUntil('anything', check, { timeoutMs: 60_000, signal: controller.signal })
    await expect(waiting).rejects.toBe(reason)
    await expect(waitUntil('anything', check, { ...FAST, signal: controller.signal })).rejects.toBe(reason)
  })
})
