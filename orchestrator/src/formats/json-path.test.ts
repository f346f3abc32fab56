import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJsonPath, sparkJsonPath, valueAt } from './json-path.ts'

describe('a path in JSON', () => {
  it.each([
    ['$.a.b[0]', ['a', 'b', 0], '$.a.b[0]'],
    ['a.b', ['a', 'b'], '$.a.b'],
    ['[1].x', [1, 'x'], '$[1].x'],
    ['@timestamp', ['@timestamp'], '$.@timestamp'],
    ["$['a.b'].c[0]", ['a.b', 'c', 0], "$['a.b'].c[0]"],
    ['["a b"]', ['a b'], "$['a b']"],
    [`["it's"].x`, ["it's", 'x'], "$.it's.x"],
    [`['say "x"']`, ['say "x"'], `$['say "x"']`],
    ['usage-idle.größe', ['usage-idle', 'größe'], "$.usage-idle['größe']"],
    ['$.a[007]', ['a', 7], '$.a[7]'],
  ])('is read: %s', (text, steps, spark) => {
    expect(parseJsonPath(text)).toEqual(steps)
    expect(sparkJsonPath(steps)).toBe(spark)
  })

  it.each(['', '$', '$.', '$..a', '$.*', '$[*]', '$[-1]', '$[a]', 'a b', "$['a", 'a.', '$a', '$.a$', "['']"])(
    'is none: %j',
    (text) => expect(parseJsonPath(text)).toBeUndefined(),
  )

  it.each(['*', " a'", ' a', 'a\n', "it's 1.5", "a'[0]"])('cannot be named to Spark: %j', (key) => {
    expect(sparkJsonPath([key])).toBeUndefined()
  })

  it('of Spark is read again as the same steps, if it has no quote', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.nat(99)), { minLength: 1 }), (steps) => {
        const path = sparkJsonPath(steps)
        fc.pre(path !== undefined && !steps.some((step) => /['?]/.test(String(step)) || step === ''))
        expect(parseJsonPath(path ?? '')).toEqual(steps)
      }),
    )
  })
})

describe('valueAt', () => {
  it.each([
    [['a', 0, 'b'], 7],
    [['a', 1], undefined],
    [['a', 'length'], 1],
    [['toString'], undefined],
    [['a', 0, 'b', 'c'], undefined],
  ])('follows the steps %j', (path, expected) => {
    expect(valueAt({ a: [{ b: 7 }] }, path)).toBe(expected)
  })
})
