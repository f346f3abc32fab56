import { describe, expect, it, vi } from 'vitest'
import { useVirtualTime } from '../system/virtual-time.fixture.ts'
import { NOW, usual } from './circumstances.fixture.ts'
import { PassingCheck } from './passing-check.ts'

const LINE = Buffer.from(`${NOW},1`)
const MS = { unit: 'ms', samples: 4, first: 1 } as const

function newCheck(lines = 0) {
  useVirtualTime()
  const warn = vi.fn()
  const circumstances = {
    ...usual,
    cpuMax: 100,
    name: 'standard input',
    isComplete: false,
    job: { closedMs: NOW - 60_000, closingMs: NOW - 60_000 },
  }
  return { warn, check: new PassingCheck(circumstances, { lines, header: undefined, units: [MS] }, warn) }
}

describe('PassingCheck', () => {
  it('says nothing about samples that count', () => {
    const { warn, check } = newCheck()
    check.onSample(NOW - 20_000, 1, 'ms', LINE)
    check.onSample(NOW - 30_000, 2, 'ms', LINE)
    expect(warn).not.toHaveBeenCalled()
    expect(check.summary()).toBeUndefined()
  })

  it.each<[string, (check: PassingCheck, line: number) => void, RegExp]>([
    ['not a sample', (check, line) => check.onUnlike(Buffer.from('n/a'), line), /line 5 has 1 column.*dead/],
    [
      'in another unit',
      (check, line) => check.onSample(NOW, line, 's', LINE),
      /line 5 .* in seconds: .*converted/,
    ],
    [
      'late',
      (check, line) => check.onSample(NOW - 60_000, line, 'ms', LINE),
      /line 5 is behind the job's watermark/,
    ],
    [
      'in the future',
      (check, line) => check.onSample(NOW + 400_000, line, 'ms', LINE),
      /line 5 is 6 min 40 s in the future/,
    ],
    [
      'just within what the job accepts',
      (check, line) => check.onSample(NOW + 290_000, line, 'ms', LINE),
      /line 5 is 4 min 50 s ahead of the clock: .*samples of the present are late/,
    ],
    [
      'out of range',
      (check, line) => check.onSample(NOW, line, 'ms', Buffer.from(`${NOW},100.1`)),
      /line 5 has a CPU value outside CPU_MIN and CPU_MAX: a dead letter/,
    ],
  ])('warns of the first line that is %s, and counts them', (_, pass, message) => {
    const { warn, check } = newCheck(4)
    for (const line of [3, 4, 5, 6]) pass(check, line)
    expect(warn.mock.calls).toEqual([[expect.stringMatching(message)]])
    expect(check.summary()).toMatch(/\b2 (were|had)/)
  })

  it('warns of a sample much older than one before it, but not of one after a sample from the future', () => {
    const { warn, check } = newCheck()
    check.onSample(NOW, 1, 'ms', LINE)
    check.onSample(NOW - 11_000, 2, 'ms', LINE)
    expect(warn.mock.calls).toEqual([[expect.stringMatching(/line 2 is 11 s older/)]])
    const other = newCheck()
    other.check.onSample(NOW + 400_000, 1, 'ms', LINE)
    other.check.onSample(NOW, 2, 'ms', LINE)
    expect(other.warn).toHaveBeenCalledTimes(1)
  })
})
