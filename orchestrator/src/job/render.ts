import { unicodeEscape } from '../system/unicode.ts'
import type { JobSettings } from './job-settings.ts'

const HOLE = 'SETTINGS_JSON'
const TOKEN = /"\{\{(.*?)\}\}"|\{\{/g

/**
 * Fills the template's one hole with a Python string literal that holds the settings as JSON. Whatever the
 * settings are, the result has the template's syntax tree with another string in one place.
 * @throws Error when the template does not have exactly that one hole: a bug of ours, not of the user's.
 */
export function renderJob(template: string, settings: JobSettings): string {
  const tokens = [...template.matchAll(TOKEN)]
  const unknown = tokens.find((token) => token[1] !== HOLE)
  if (unknown) throw new Error(`the job's template has a token that is not "{{${HOLE}}}": ${unknown[0]}`)
  if (tokens.length !== 1)
    throw new Error(`the job's template has ${tokens.length} holes "{{${HOLE}}}" instead of one`)
  return template.replace(TOKEN, () => pythonLiteral(asciiJson(settings)))
}

/** JSON in printable ASCII: everything else as `\uXXXX`, which JSON reads back unchanged, surrogate pairs too. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(/[^\x20-\x7e]/g, unicodeEscape)
}

/** For printable ASCII a JSON string is a Python string: both escape the quote and the backslash alike. */
const pythonLiteral = (ascii: string): string => JSON.stringify(ascii)
