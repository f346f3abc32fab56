// Reads what the test runners report: how many tests passed, which failed and why, and which were skipped.
import { readFileSync } from 'node:fs'

/**
 * @typedef {import('./steps.mjs').Outcome} Outcome
 * @typedef {{ status: string, fullName: string, failureMessages?: string[] }} VitestTest
 * @typedef {{ name: string, status: string, message: string, assertionResults: VitestTest[] }} VitestFile
 */

/**
 * Vitest's JSON. A file that fails without a failed test (it does not load, or a hook throws) counts as one.
 * @param {string} file
 * @returns {Outcome}
 */
export function readVitestReport(file) {
  const { testResults } = /** @type {{ testResults: VitestFile[] }} */ (
    JSON.parse(readFileSync(file, 'utf8'))
  )
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults)
  const broken = testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  )
  const withStatus = (/** @type {(status: string) => boolean} */ wanted) =>
    tests.filter(({ status }) => wanted(status))
  return {
    passed: withStatus((status) => status === 'passed').length,
    failed: [
      ...withStatus((status) => status === 'failed').map(({ fullName, failureMessages = [] }) => ({
        name: fullName,
        why: failureMessages.join('\n'),
      })),
      ...broken.map(({ name, message }) => ({ name, why: message })),
    ],
    // The reason is part of the name of each test that a machine may not be able to run.
    skipped: withStatus((status) => status !== 'passed' && status !== 'failed').map(
      ({ fullName }) => fullName,
    ),
  }
}

/**
 * Pytest's JUnit XML.
 * @param {string} file
 * @returns {Outcome}
 */
export function readPytestReport(file) {
  const xml = readFileSync(file, 'utf8')
  const cases = [...xml.matchAll(/<testcase ([^>]*?)(?:\/>|>(.*?)<\/testcase>)/gs)]
  const tests = cases.map(([, attributes = '', inside = '']) => ({
    name: `${attribute(attributes, 'classname')} ${attribute(attributes, 'name')}`,
    failure: /<(?:failure|error)\b/.test(inside)
      ? (inside.match(/<(?:failure|error)\b[^>]*>(.*?)<\/(?:failure|error)>/s)?.[1] ?? '')
      : undefined,
    skipped: inside.match(/<skipped\b([^>]*)>/)?.[1],
  }))
  const failed = tests.filter(({ failure }) => failure !== undefined)
  const skipped = tests.filter(({ failure, skipped }) => failure === undefined && skipped !== undefined)
  return {
    passed: tests.length - failed.length - skipped.length,
    failed: failed.map(({ name, failure = '' }) => ({ name, why: unescaped(failure) })),
    skipped: skipped.map(({ name, skipped = '' }) => `${name}: ${attribute(skipped, 'message')}`),
  }
}

/**
 * The text of an XML attribute; empty if there is none.
 * @param {string} attributes
 * @param {string} name
 */
function attribute(attributes, name) {
  return unescaped(attributes.match(new RegExp(`(?:^| )${name}="([^"]*)"`))?.[1] ?? '')
}

/** @param {string} xml */
const unescaped = (xml) => xml.replace(/&(lt|gt|quot|amp);/g, (_, entity) => ENTITIES[entity] ?? '')

/** @type {Readonly<Record<string, string>>} */
const ENTITIES = { lt: '<', gt: '>', quot: '"', amp: '&' }
