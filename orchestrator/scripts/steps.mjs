// Every check and every test of the project, by part. A step returns how many passed, and which failed or were skipped.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asEnvironment } from './arguments.mjs'
import { readPytestReport, readVitestReport } from './reports.mjs'
import { printLine, runNodeTool, runPythonTool } from './tools.mjs'

/**
 * @typedef {{ name: string, why: string }} Failure `why` is empty for a check, whose tool has said it.
 * @typedef {{ passed: number, failed: Failure[], skipped: string[] }} Outcome
 * @typedef {() => Promise<Outcome>} Step
 */

// Starting a job takes longer than most tests, so a file of them can take a quarter of an hour on a slow machine. If a run
// must end (GATE_UNTIL, in seconds since 1970), files that would start later are left out and named; these come last.
const SELDOM_TOUCHED = ['docker', 'package', 'damage', 'clone', 'memory']
const deadline = Number(process.env.GATE_UNTIL ?? Number.POSITIVE_INFINITY) * 1_000

/** The parts that run unless others are named. */
export const GATE = ['static', 'unit', 'job', 'e2e', 'faults']

/** @type {Readonly<Record<string, readonly Step[]>>} */
export const PARTS = {
  static: [
    check('types', (title) => runNodeTool(title, 'tsc', ['-p', '.'])),
    check('lint and format', (title) => runNodeTool(title, 'biome', ['ci', '.'])),
    check('unused code', (title) => runNodeTool(title, 'knip', [])),
    check('lint of the job', (title) => runPythonTool(title, ['ruff', 'check', '.'])),
    check('format of the job', (title) => runPythonTool(title, ['ruff', 'format', '--check', '.'])),
    check('types of the job', (title) => runPythonTool(title, ['mypy'])),
  ],
  unit: [vitest('unit tests', 'unit')],
  job: [pytest('unit tests of the job')],
  e2e: endToEnd(process.env),
  everywhere: endToEnd(asEnvironment({ E2E_EVERYWHERE: 1 })),
  // A short run with a fixed seed: on each runtime, in another mode each, the kills of driver, supervisor and broker, which
  // come first, and little more. See faults.mjs for longer ones.
  faults: [
    inTime(
      'faults',
      vitest('faults', 'faults', {
        files: ['orchestrator/faults/faults.run.ts'],
        env: asEnvironment({ FAULTS_SEED: 1, FAULTS_MINUTES: 2, FAULTS_BRIEF: 1 }),
      }),
    ),
  ],
}

/**
 * A step per file.
 * @param {NodeJS.ProcessEnv} env
 * @returns {Step[]}
 */
function endToEnd(env) {
  const suffix = '.e2e.ts'
  const names = readdirSync(new URL('../e2e', import.meta.url))
    .filter((file) => file.endsWith(suffix))
    .map((file) => file.slice(0, -suffix.length))
    .sort((a, b) => SELDOM_TOUCHED.indexOf(a) - SELDOM_TOUCHED.indexOf(b) || a.localeCompare(b))
  return names.map((name) => {
    const title = `end-to-end tests: ${name}`
    return inTime(title, vitest(title, 'e2e', { files: [`orchestrator/e2e/${name}${suffix}`], env }))
  })
}

/**
 * @param {string} title
 * @param {Step} step
 * @returns {Step}
 */
function inTime(title, step) {
  return async () =>
    Date.now() < deadline
      ? step()
      : { ...outcome(0), skipped: [`${title} (left out: the time of this run was over)`] }
}

/**
 * A check passes or fails as a whole; it also fails if its tool cannot be installed.
 * @param {string} title
 * @param {(title: string) => boolean | Promise<boolean>} run
 * @returns {Step}
 */
function check(title, run) {
  return async () => ((await succeeds(title, run)) ? outcome(1) : outcome(0, [title]))
}

/**
 * @param {string} title
 * @param {string} project
 * @param {{ files?: readonly string[], env?: NodeJS.ProcessEnv }} options
 */
function vitest(title, project, { files = [], env = process.env } = {}) {
  return suite(title, readVitestReport, (report) =>
    runNodeTool(
      title,
      'vitest',
      [
        'run',
        '--project',
        project,
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${report}`,
        ...files,
      ],
      env,
    ),
  )
}

/** @param {string} title */
function pytest(title) {
  return suite(title, readPytestReport, (report) =>
    runPythonTool(title, ['pytest', '-rs', `--junitxml=${report}`]),
  )
}

/**
 * Tests that leave a report. A run that fails without a failed test, or without a report because it did not start, counts
 * as one failure.
 * @param {string} title
 * @param {(file: string) => Outcome} read
 * @param {(report: string) => boolean | Promise<boolean>} run
 * @returns {Step}
 */
function suite(title, read, run) {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cpu-anomaly-tests-'))
    const report = join(folder, 'report')
    try {
      const ok = await succeeds(title, () => run(report))
      const tests = readOr(title, read, report)
      return ok || tests.failed.length > 0 ? tests : { ...tests, failed: [{ name: title, why: '' }] }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

/**
 * @param {string} title
 * @param {(title: string) => boolean | Promise<boolean>} run
 */
async function succeeds(title, run) {
  try {
    return await run(title)
  } catch (error) {
    printLine(`${title}: ${message(error)}`)
    return false
  }
}

/**
 * @param {string} title
 * @param {(file: string) => Outcome} read
 * @param {string} report
 */
function readOr(title, read, report) {
  try {
    return read(report)
  } catch (error) {
    printLine(`${title}: no report (${message(error)})`)
    return outcome(0, [`${title}: no report`])
  }
}

/**
 * @param {number} passed
 * @param {string[]} failed
 * @returns {Outcome}
 */
const outcome = (passed, failed = []) => ({
  passed,
  failed: failed.map((name) => ({ name, why: '' })),
  skipped: [],
})

/** @param {unknown} error */
const message = (error) => (error instanceof Error ? error.message : String(error))
