import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { escapeControls, jsonLine } from './text.ts'

describe('escapeControls', () => {
  it.each([
    ['plain text', 'CPU 13.64 % äß 漢 \u{1f600} é', 'CPU 13.64 % äß 漢 \u{1f600} é'],
    ['a title for the terminal (ESC, BEL)', '\u001b]0;x\u0007', '\\x1b]0;x\\x07'],
    ['an erased screen', '\u001b[2J', '\\x1b[2J'],
    ['C1, which is ESC [ in one byte', '\u009b2J\u0085\u0080', '\\x9b2J\\x85\\x80'],
    ['line ends and tabs', 'a\rb\nc\td', 'a\\rb\\nc\\td'],
    ['NUL, backspace, DEL', '\0\b\u007f', '\\x00\\x08\\x7f'],
    ['text that runs backwards', 'a\u202eb\u2066c\u200f', 'a\\u202eb\\u2066c\\u200f'],
    ['invisible characters', '\u200b\u2060\ufeff', '\\u200b\\u2060\\ufeff'],
    ['line and paragraph separators', '\u2028\u2029', '\\u2028\\u2029'],
    ['a no-break space, which is not a control character', '\u00a0', '\u00a0'],
    ['empty text', '', ''],
  ])('of %s', (_, text, expected) => {
    expect(escapeControls(text)).toBe(expected)
  })

  it('leaves no control or format character that moves or reorders text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(escapeControls(text)).not.toMatch(/\p{Cc}|\p{Bidi_Control}|\p{Zl}|\p{Zp}/u)
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('jsonLine', () => {
  it('is one safe line that reads back as the value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const line = jsonLine({ [`k${text}`]: text })
        expect(line).not.toMatch(/\p{Cc}|\p{Bidi_Control}|\p{Zl}|\p{Zp}/u)
        expect(JSON.parse(line)).toEqual({ [`k${text}`]: text })
      }),
      { numRuns: 1_000 },
    )
    expect(jsonLine({ a: '\u009b\u202e' })).toBe('{"a":"\\u009b\\u202e"}')
  })
})
