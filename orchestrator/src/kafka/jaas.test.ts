import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quoteJaas } from './jaas.ts'

describe('quoteJaas', () => {
  it.each([
    ['plain', '"plain"'],
    ['', '""'],
    ['a"b', '"a\\"b"'],
    ['a\\b', '"a\\\\b"'],
    ['a\\"b', '"a\\\\\\"b"'],
    ["a;b c='d'", '"a;b c=\'d\'"'],
    ['päss\u{1f600}', '"päss\u{1f600}"'],
    ['\\', '"\\\\"'],
  ])('quotes %j as %s', (text, quoted) => {
    expect(quoteJaas(text)).toBe(quoted)
  })

  it('is undone by the rules of JAAS: one token, each escaped character as itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const [whole, inner = ''] = quoteJaas(text).match(/^"((?:[^"\\]|\\.)*)"$/s) ?? []
        expect(whole).toBeDefined()
        expect(inner.replace(/\\(.)/gs, '$1')).toBe(text)
      }),
    )
  })
})
