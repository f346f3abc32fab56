// Every test that this machine can run: unit tests of both languages, then end to end on a real broker and a real Spark.
// Ends with the true sum, after a line for each test that was skipped.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeTool, pythonTools, runTool, say } from './tools.mjs'

const reports = mkdtempSync(join(tmpdir(), 'cpu-anomaly-tests-'))
const total = { passed: 0, failed: 0, skipped: [] }
try {
  const python = await pythonTools()
  vitest('unit tests', 'unit')
  pytest(python)
  vitest('end-to-end tests', 'e2e')
} finally {
  rmSync(reports, { recursive: true, force: true })
}
for (const line of total.skipped) say(`skipped: ${line}`)
console.log(`${total.passed} passed, ${total.failed} failed`)
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1

function vitest(title, project) {
  const report = join(reports, `${project}.json`)
  const args = [
    'run',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ]
  const ok = runTool(title, nodeTool('vitest'), args)
  count(title, ok, () => {
    const { testResults } = JSON.parse(readFileSync(report, 'utf8'))
    const tests = testResults.flatMap(({ assertionResults }) => assertionResults)
    const having = (...states) => tests.filter(({ status }) => states.includes(status))
    return {
      passed: having('passed').length,
      failed: having('failed').length,
      // Its reason is part of the name of each test that a machine may not be able to run.
      skipped: having('skipped', 'pending', 'todo', 'disabled').map(({ fullName }) => fullName),
    }
  })
}

function pytest(python) {
  const title = 'unit tests of the job'
  const report = join(reports, 'pytest.xml')
  const ok = python(title, ['pytest', '-rs', `--junitxml=${report}`])
  count(title, ok, () => {
    const [, attributes] = readFileSync(report, 'utf8').match(/<testsuite ([^>]*)>/)
    const number = (name) => Number(attributes.match(new RegExp(`${name}="(\\d+)"`))[1])
    const failed = number('failures') + number('errors')
    const skipped = number('skipped')
    return {
      passed: number('tests') - failed - skipped,
      failed,
      skipped: Array.from({ length: skipped }, () => `${title}: see the reason above`),
    }
  })
}

/** A run that fails without a failed test, or without a report (it did not even start), counts as one failure. */
function count(title, ok, read) {
  let found = { passed: 0, failed: 0, skipped: [] }
  try {
    found = read()
  } catch (error) {
    say(`${title}: no report (${error.message})`)
  }
  total.passed += found.passed
  total.failed += found.failed || (ok ? 0 : 1)
  total.skipped.push(...found.skipped)
}
