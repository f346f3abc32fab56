import stringWidth from 'string-width'
import { unicodeEscape } from '../system/unicode.ts'

// Control characters (C0, DEL, C1), line and paragraph separators, and the marks that reorder text.
// biome-ignore lint/suspicious/noControlCharactersInRegex: the regex has to match them
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu

/** Makes text from outside safe to show in a terminal: escapes what could move the cursor or reorder text. */
export function escapeControls(text: string): string {
  return text.replace(UNSAFE, (char) => {
    const known: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }
    const code = char.charCodeAt(0)
    return known[char] ?? (code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : unicodeEscape(char))
  })
}

/** A value as one line of JSON that is as safe to show as it is to parse. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE, unicodeEscape)
}

/** Segmenting takes quadratic time, so of a longer text only so much of its start and of its end is looked at. */
const HALF_UNITS = 500
const segmenter = new Intl.Segmenter()

/** Cells of a terminal that a text takes, without its colours. */
export const cellsOf = (text: string): number => stringWidth(text)

/** Shortens text to so many cells: `…` replaces its middle, since the names of hosts often differ only at the end. */
export function fitInto(text: string, cells: number): string {
  const isLong = text.length > 2 * HALF_UNITS
  if (!isLong && stringWidth(text) <= cells) return text
  const ends = isLong ? text.slice(0, HALF_UNITS) + text.slice(-HALF_UNITS) : text
  const characters = [...segmenter.segment(ends)].map(({ segment }) => segment)
  const start = takeCells(characters, Math.ceil((cells - 1) / 2))
  const end = takeCells(characters.toReversed(), cells - 1 - stringWidth(start.join('')))
  return `${start.join('')}…${end.toReversed().join('')}`
}

/** Cuts text after so many cells; `…` replaces what is cut off. */
export function cutTo(text: string, cells: number): string {
  const isLong = text.length > 2 * HALF_UNITS
  if (!isLong && stringWidth(text) <= cells) return text
  const characters = [...segmenter.segment(text.slice(0, 2 * HALF_UNITS))].map(({ segment }) => segment)
  return `${takeCells(characters, cells - 1).join('')}…`
}

function takeCells(characters: readonly string[], cells: number): string[] {
  let left = cells
  const first = characters.findIndex((character) => {
    left -= stringWidth(character)
    return left < 0
  })
  return characters.slice(0, first < 0 ? undefined : first)
}

const NAME_CELLS = 60

/** A key of a record in a sentence: escaped, and shortened if it is long. */
export const shownName = (name: string): string => fitInto(escapeControls(name), NAME_CELLS)
