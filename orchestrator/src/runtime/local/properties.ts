import { unicodeEscape } from '../../system/unicode.ts'

/** The text of a file that java.util.Properties reads. */
export const propertiesText = (properties: Readonly<Record<string, string>>): string =>
  Object.entries(properties)
    .map(([key, value]) => `${key}=${escapeProperty(value)}\n`)
    .join('')

/** Escapes a value so that java.util.Properties reads it back unchanged. */
export function escapeProperty(value: string): string {
  return value
    .replace(/\\/g, '\\\\')
    .replace(/\n/g, '\\n')
    .replace(/\r/g, '\\r')
    .replace(/^ /, '\\ ')
    .replace(/[^\x20-\x7e]/g, unicodeEscape)
}
