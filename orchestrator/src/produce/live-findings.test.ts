import { describe, expect, it } from 'vitest'
import { NOW, usual } from './circumstances.fixture.ts'
import { liveFindings } from './live-findings.ts'

/** A job that has read samples up to the present. */
const job = { closedMs: NOW - 11_000, closingMs: NOW - 10_500 }

const refused = (message: RegExp, hint: RegExp) => [
  expect.objectContaining({
    kind: 'refuse',
    message: expect.stringMatching(message),
    hint: expect.stringMatching(hint),
  }),
]
const warned = (message: RegExp) => [
  expect.objectContaining({ kind: 'warn', message: expect.stringMatching(message) }),
]

describe('liveFindings', () => {
  it('says nothing without a job, and if its watermark is behind the clock', () => {
    expect(liveFindings(NOW, undefined, usual)).toEqual([])
    expect(liveFindings(NOW, 3, { ...usual, job })).toEqual([])
  })

  const ahead = { closedMs: NOW + 60_000, closingMs: NOW + 60_000 }
  it('says until when samples of the present are late', () => {
    expect(liveFindings(NOW, undefined, { ...usual, job: ahead })).toEqual(
      warned(/1 min ahead of this machine's clock.*2026-01-01T00:01:00.000Z/),
    )
    expect(liveFindings(NOW, 61, { ...usual, job: ahead })).toEqual(warned(/./))
    expect(liveFindings(NOW, undefined, { ...usual, job: { ...ahead, closedMs: 0 } })).toEqual(warned(/./))
  })

  it('refuses to send for a time in which all of them are late', () => {
    expect(liveFindings(NOW, 60, { ...usual, job: ahead })).toEqual(
      refused(/./, /Wait until then: a new checkpoint would read the same/),
    )
  })

  it('names a clock that was set back, and a way out', () => {
    const wayBack = { closedMs: NOW + 3_580_000, closingMs: NOW + 3_580_000 }
    expect(liveFindings(NOW, 3, { ...usual, job: wayBack, setBackMs: 3_600_000 })).toEqual(
      refused(/because this machine's clock was set back by at least 1 h/, /--new-checkpoint/),
    )
    expect(liveFindings(NOW, 3, { ...usual, setBackMs: 3_600_000 })).toEqual(
      warned(/set back by at least 1 h/),
    )
  })

  it('knows that a machine uses 0 to 100 %', () => {
    expect(liveFindings(NOW, 3, { ...usual, cpuMin: 0, cpuMax: 100 })).toEqual([])
    expect(liveFindings(NOW, 3, { ...usual, cpuMin: 5 })).toEqual(warned(/outside CPU_MIN and CPU_MAX/))
    expect(liveFindings(NOW, 3, { ...usual, cpuMin: 150 })).toEqual([
      expect.objectContaining({ kind: 'refuse' }),
    ])
  })
})
