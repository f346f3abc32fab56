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
