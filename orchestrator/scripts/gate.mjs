// Runs the named parts of the gate, or all of it, to the end even if something fails:
//
//   static   types, lint, format and unused code, of both languages
//   unit     unit tests
//   job      unit tests of the job
//   e2e      end to end on a real broker and a real Spark; on Docker too if an engine answers
//   faults   a short run of the fault suite, with a fixed seed
//
// and, only if it is named:
//
//   everywhere   each end-to-end test on each runtime and in each mode, for more than an hour
//
// Prints which checks and tests failed, and why, which were skipped, and last the totals.
import { GATE, PARTS } from './steps.mjs'
import { printLine } from './tools.mjs'

const named = process.argv.slice(2)
const unknown = named.find((part) => !Object.hasOwn(PARTS, part))
if (unknown !== undefined) {
  printLine(`error: unknown part "${unknown}"; the parts are ${Object.keys(PARTS).join(', ')}`)
  process.exit(2)
}
const parts = named.length > 0 ? named : GATE

let passed = 0
/** @type {import('./steps.mjs').Failure[]} */
const failed = []
/** @type {string[]} */
const skipped = []
for (const step of parts.flatMap((part) => PARTS[part] ?? [])) {
  const outcome = await step()
  passed += outcome.passed
  failed.push(...outcome.failed)
  skipped.push(...outcome.skipped)
}

printLine('')
for (const name of skipped) printLine(`skipped: ${name}`)
// Why, once more: whoever reads only the end of a log sees it.
for (const { name, why } of failed) printLine([`failed: ${name}`, ...linesOf(why)].join('\n    '))
const totals = [`${passed} passed`, `${failed.length} failed`]
console.log([...totals, ...(skipped.length > 0 ? [`${skipped.length} skipped`] : [])].join(', '))
process.exitCode = failed.length === 0 && passed > 0 ? 0 : 1

/**
 * The first lines of a failure; it may hold the whole log of a driver.
 * @param {string} why
 */
function linesOf(why) {
  return why
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(0, 30)
    .map((line) => line.slice(0, 400))
}
