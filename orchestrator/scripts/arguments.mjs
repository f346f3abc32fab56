// Parsers for the options of the scripts.
import { InvalidArgumentError } from 'commander'

/** @param {string} text */
export function positive(text) {
  const number = Number(text)
  if (number > 0 && Number.isFinite(number)) return number
  throw new InvalidArgumentError('It is not a number above 0.')
}

/** @param {string} text */
export function whole(text) {
  const number = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(number)) return number
  throw new InvalidArgumentError('It is not a whole number.')
}

/** @param {string} text */
export function pattern(text) {
  try {
    return new RegExp(text).source
  } catch (error) {
    throw new InvalidArgumentError(String(error))
  }
}

/**
 * Options as environment variables, beside those of this process; without those that are not given.
 * @param {Record<string, unknown>} options
 */
export function asEnvironment(options) {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return { ...process.env, ...Object.fromEntries(given.map(([key, value]) => [key, String(value)])) }
}
