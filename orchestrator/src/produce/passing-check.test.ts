import { describe, expect, it, vi } from 'vitest'
import { useVirtualTime } from '../system/virtual-time.fixture.ts'
import { NOW, usual } from './circumstances.fixture.ts'
import { PassingCheck } from './passing-check.ts'

function newCheck(after = 0) {
  useVirtualTime()
  const warn = vi.fn()
  const circumstances = {
    ...usual,
    name: 'standard input',
    isComplete: false,
    job: { closedMs: NOW - 60_000, closingMs: NOW - 60_000 },
  }
  return { warn, check: new PassingCheck(circumstances, after, warn) }
}

describe('PassingCheck', () => {
  it('says nothing about samples that count', () => {
    const { warn, check } = newCheck()
    check.onSample(NOW - 20_000, 1)
    check.onSample(NOW - 30_500, 2)
    expect(warn).not.toHaveBeenCalled()
    expect(check.summary()).toBeUndefined()
  })

  it.each<[string, (check: PassingCheck, line: number) => void, RegExp]>([
    ['not a sample', (check, line) => check.onUnlike(Buffer.from('n/a'), line), /line 5 has 1 column.*dead/],
    ['late', (check, line) => check.onSample(NOW - 60_000, line), /line 5 is behind the job's watermark/],
    [
      'in the future',
      (check, line) => check.onSample(NOW + 400_000, line),
      /line 5 is 6 min 40 s in the future/,
    ],
  ])('warns of the first line that is %s, and counts them', (_, pass, message) => {
    const { warn, check } = newCheck(4)
    for (const line of [3, 4, 5, 6]) pass(check, line)
    expect(warn.mock.calls).toEqual([[expect.stringMatching(message)]])
    expect(check.summary()).toMatch(/\b2 were/)
  })

  it('warns of a sample much older than one before it, but not of one after a sample from the future', () => {
    const { warn, check } = newCheck()
    check.onSample(NOW, 1)
    check.onSample(NOW - 11_000, 2)
    expect(warn.mock.calls).toEqual([[expect.stringMatching(/line 2 is 11 s older/)]])
    const other = newCheck()
    other.check.onSample(NOW + 400_000, 1)
    other.check.onSample(NOW, 2)
    expect(other.warn).toHaveBeenCalledTimes(1)
  })
})
