// The fault suite: `npm run test:faults`. Its options come from the environment; see orchestrator/scripts/faults.mjs.
import { afterAll, describe, expect, it } from 'vitest'
import { type Setup, setups } from '../e2e/helpers/modes.ts'
import { fitting, namedFaults } from './catalog.ts'
import { formatRow, formatSummary, hasFailed, type Row, type Summary } from './report.ts'
import { runTrial } from './run-trial.ts'

const {
  FAULTS_SEED = '1',
  FAULTS_MINUTES = '10',
  FAULTS_RUNTIME,
  FAULTS_MODE,
  FAULTS_ONLY,
  FAULTS_BRIEF,
} = process.env
const seed = Number(FAULTS_SEED)
const named = namedFaults(FAULTS_ONLY ? new RegExp(FAULTS_ONLY) : undefined)
const all = await setups()
// Each runtime and each mode once, or only the modes if there is one runtime.
const hasDocker = all.some(({ runtime, available }) => runtime === 'docker' && available)
const isBrief = ({ runtime, mode }: Setup) => !hasDocker || (runtime === 'local') === (mode === 'real-time')
const chosen = all
  .filter(({ runtime, mode }) => (FAULTS_RUNTIME ?? runtime) === runtime && (FAULTS_MODE ?? mode) === mode)
  .filter((setup) => !FAULTS_BRIEF || isBrief(setup))
  .map((setup) => ({ ...setup, faults: fitting(named, setup) }))
  .map((setup) =>
    setup.faults.length > 0 ? setup : { ...setup, title: `${setup.title} (no such fault there)` },
  )
const usable = chosen.filter(({ available, faults }) => available && faults.length > 0)
const leftOut = chosen.filter((setup) => !usable.includes(setup))
/** The time is shared by the setups that can run here. */
const minutes = Number(FAULTS_MINUTES) / Math.max(usable.length, 1)
const summaries: Summary[] = []

// What was asked for by name must run; what is left out by default is named at the end.
if (usable.length === 0 || (FAULTS_RUNTIME && leftOut.some(({ available }) => !available)))
  throw new Error(`no fault can be tried on ${leftOut.map(({ title }) => title).join('; ')}`)

afterAll(() => {
  for (const summary of summaries) console.log(`\n${formatSummary(summary)}`)
  for (const { title } of leftOut) console.log(`\nleft out: ${title}`)
})

describe.each(usable)('faults on $title', (setup) => {
  it(`leave every guarantee standing (seed ${seed})`, async () => {
    const rows: Row[] = []
    summaries.push({
      setup: setup.title,
      rows,
      names: setup.faults.map(({ name }) => name),
      unfit: named.flatMap(({ name, unfit }) => {
        const reason = unfit?.(setup)
        return reason ? [`${name} (${reason})`] : []
      }),
    })
    const print = (row: Row) => console.log(formatRow(row))
    await runTrial(setup, { seed, minutes, faults: setup.faults, print }, rows)
    expect(rows.filter(hasFailed).map(({ fault }) => fault)).toEqual([])
  })
})

describe.runIf(leftOut.length > 0)('faults', () => {
  it.skip.each(leftOut)('on $title', () => {})
})
