// The fault suite: `npm run test:faults`. Its options come from the environment; see orchestrator/scripts/faults.mjs.
import { afterAll, describe, expect, it } from 'vitest'
import { setups } from '../e2e/helpers/modes.ts'
import { formatRow, formatSummary, hasFailed, type Row } from './report.ts'
import { runTrial } from './run-trial.ts'

const { FAULTS_SEED = '1', FAULTS_MINUTES = '10', FAULTS_RUNTIME, FAULTS_MODE, FAULTS_ONLY } = process.env
const seed = Number(FAULTS_SEED)
const chosen = (await setups()).filter(
  ({ runtime, mode }) => (FAULTS_RUNTIME ?? runtime) === runtime && (FAULTS_MODE ?? mode) === mode,
)
const available = chosen.filter(({ available }) => available)
/** The time is shared by the setups that can run here. */
const minutes = Number(FAULTS_MINUTES) / Math.max(available.length, 1)
const only = FAULTS_ONLY ? new RegExp(FAULTS_ONLY) : undefined
const rows: Row[] = []

afterAll(() => console.log(`\n${formatSummary(rows)}`))

describe.each(chosen)('faults on $title', (setup) => {
  it.skipIf(!setup.available)(`leave every guarantee standing (seed ${seed})`, async () => {
    const found = await runTrial(setup, { seed, minutes, only, print: (row) => console.log(formatRow(row)) })
    rows.push(...found)
    expect(found.filter(hasFailed).map(({ fault }) => fault)).toEqual([])
  })
})
