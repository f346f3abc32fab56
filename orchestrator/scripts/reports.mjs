// Reads what the test runners report: how many tests passed, and the names of those that failed or were skipped.
import { readFileSync } from 'node:fs'

/**
 * @typedef {import('./steps.mjs').Outcome} Outcome
 * @typedef {{ status: string, fullName: string }} VitestTest
 * @typedef {{ name: string, status: string, assertionResults: VitestTest[] }} VitestFile
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
  const names = (/** @type {(status: string) => boolean} */ wanted) =>
    tests.filter(({ status }) => wanted(status)).map(({ fullName }) => fullName)
  return {
    passed: names((status) => status === 'passed').length,
    failed: [...names((status) => status === 'failed'), ...broken.map(({ name }) => name)],
    // The reason is part of the name of each test that a machine may not be able to run.
    skipped: names((status) => status !== 'passed' && status !== 'failed'),
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
    failed: /<(failure|error)\b/.test(inside),
    skipped: inside.match(/<skipped\b([^>]*)>/)?.[1],
  }))
  const failed = tests.filter((test) => test.failed)
  const skipped = tests.filter((test) => !test.failed && test.skipped !== undefined)
  return {
    passed: tests.length - failed.length - skipped.length,
    failed: failed.map(({ name }) => name),
    skipped: skipped.map(({ name, skipped = '' }) => `${name}: ${attribute(skipped, 'message')}`),
  }
}

/**
 * The text of an XML attribute; empty if there is none.
 * @param {string} attributes
 * @param {string} name
 */
function attribute(attributes, name) {
  const raw = attributes.match(new RegExp(`(?:^| )${name}="([^"]*)"`))?.[1] ?? ''
  return raw.replace(/&(lt|gt|quot|amp);/g, (_, entity) => ENTITIES[entity] ?? '')
}

/** @type {Readonly<Record<string, string>>} */
const ENTITIES = { lt: '<', gt: '>', quot: '"', amp: '&' }
