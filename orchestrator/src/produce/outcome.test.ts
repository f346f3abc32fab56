import { describe, expect, it } from 'vitest'
import { deadLettersOf, outcomeOf, outcomeText } from './outcome.ts'

const before = { read: 100, deadLettered: 5, late: 7 }

describe('outcomeOf', () => {
  it('takes apart what was sent', () => {
    const after = { read: 200, deadLettered: 8, late: 17 }
    expect(outcomeOf(100, 0, before, after, { future: 3 })).toEqual({
      skipped: 0,
      counted: 87,
      late: 10,
      deadLetters: { future: 3 },
      others: 0,
      ownLate: 10,
    })
  })

  it('attributes late lines to what was sent, as far as possible, if others have sent too', () => {
    const after = { read: 300, deadLettered: 5, late: 207 }
    expect(outcomeOf(100, 0, before, after, {})).toMatchObject({
      counted: 0,
      late: 100,
      others: 100,
      ownLate: 100,
    })
    expect(outcomeOf(100, 0, before, { ...after, late: 57 }, {})).toMatchObject({ late: 50, ownLate: 0 })
  })
})

describe('outcomeOf what the job has not read', () => {
  it.each([
    ['knows what it began behind', 40, 160, { skipped: 40, counted: 60, others: 0 }],
    ['attributes the rest to others', 100, 101, { skipped: 100, counted: 0, others: 1 }],
    ['never counts more than was read', 0, 130, { skipped: 70, counted: 30, others: 0 }],
  ])('%s', (_, behindStart, read, expected) => {
    expect(outcomeOf(100, behindStart, before, { ...before, read }, {})).toMatchObject(expected)
  })

  it('is said', () => {
    expect(outcomeText(outcomeOf(3, 3, before, { ...before, read: 101 }, {}))).toBe(
      '3 skipped, 0 counted, 0 late, 0 dead letters',
    )
  })
})

describe('deadLettersOf', () => {
  const letter = (offset: number, more: object = {}) => ({
    key: Buffer.from(`in|0|${offset}`),
    value: Buffer.from(JSON.stringify({ reason: 'empty', topic: 'in', partition: 0, offset, ...more })),
  })
  const ranges = [{ partition: 0, from: 10n, to: 20n, samples: 10 }]

  it('counts the letters of the sent records by reason, each once', () => {
    const records = [letter(9), letter(10), letter(10), letter(19, { reason: 'future' }), letter(20)]
    expect(deadLettersOf(records, 'in', ranges)).toEqual({ empty: 1, future: 1 })
  })

  it('leaves out other topics, other partitions and what is not a dead letter', () => {
    const other = { key: null, value: Buffer.from('[]') }
    expect(
      deadLettersOf([letter(11, { topic: 'x' }), letter(11, { partition: 1 }), other], 'in', ranges),
    ).toEqual({})
  })
})

describe('outcomeText', () => {
  it.each([
    [
      { skipped: 0, counted: 90, late: 7, deadLetters: { future: 2, empty: 1 }, others: 50, ownLate: 0 },
      /at least 90.*at most 7.*50/,
    ],
    [
      { skipped: 0, counted: 90, late: 7, deadLetters: { future: 2, empty: 1 }, others: 0, ownLate: 7 },
      /^90 .*, 7 late, 3 dead letters \(future 2, empty 1\)$/,
    ],
    [
      { skipped: 0, counted: 90, late: 0, deadLetters: {}, others: 50, ownLate: 0 },
      /^90 counted, 0 late, 0 dead letters$/,
    ],
  ])('of %j', (outcome, expected) => {
    expect(outcomeText(outcome)).toMatch(expected)
  })
})
