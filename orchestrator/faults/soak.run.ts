// The soak: `npm run test:soak`. Its options come from the environment; see orchestrator/scripts/soak.mjs.
import { writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { setups } from '../e2e/helpers/modes.ts'
import { drawFaults, fitting } from './catalog.ts'
import { checkGuarantees, checkNothingLeft } from './checks.ts'
import type { Fault } from './fault.ts'
import { INPUT_FAULTS } from './input-faults.ts'
import { type Measurement, measureStack } from './measure-stack.ts'
import { PROCESS_FAULTS } from './process-faults.ts'
import { Random } from './random.ts'
import { formatVerdicts } from './report.ts'
import { injectAndRecover } from './run-trial.ts'
import { headLine, measurementLine, plots, toCsv } from './soak-report.ts'
import { Trial } from './trial.ts'

const {
  SOAK_HOURS = '2',
  SOAK_MODE = 'micro-batch',
  SOAK_SEED = '1',
  SOAK_FAULT_MINUTES = '15',
} = process.env
const { SOAK_SAMPLES = '1000', SOAK_CSV } = process.env
const MEASURE_EVERY_MS = 60_000
/** Commands are left out: they hardly touch a job that runs. */
const FAULTS = [...PROCESS_FAULTS, ...INPUT_FAULTS].filter(({ name }) => !name.startsWith('CLI'))

it(`a soak of ${SOAK_HOURS} h in ${SOAK_MODE} mode loses nothing and leaks nothing`, async () => {
  const setup = (await setups()).find(({ runtime, mode }) => runtime === 'local' && mode === SOAK_MODE)
  if (!setup) throw new Error(`there is no mode ${SOAK_MODE}`)
  const trial = await Trial.prepare(setup, {
    seed: Number(SOAK_SEED),
    samplesPerSecond: Number(SOAK_SAMPLES),
  })
  try {
    await trial.beginLife()
    await loadWithFaults(trial)
    const verdicts = await checkGuarantees(trial)
    console.log(formatVerdicts(verdicts))
    expect(verdicts.filter((verdict) => verdict !== undefined)).toEqual([])
  } finally {
    await trial.takeDown()
  }
  expect((await checkNothingLeft(trial)).filter((verdict) => verdict !== undefined)).toEqual([])
  await trial.remove()
})

/** Measures every minute, and prints the charts at the end, also at the end of a soak that failed. */
async function loadWithFaults(trial: Trial): Promise<void> {
  const faults = drawFaults(fitting(FAULTS, trial.setup), new Random(Number(SOAK_SEED), 'soak'))
  const measured: Measurement[] = []
  const start = performance.now()
  const minutesSoFar = () => (performance.now() - start) / 60_000
  let nextFault = Number(SOAK_FAULT_MINUTES)
  console.log(headLine())
  try {
    while (minutesSoFar() < Number(SOAK_HOURS) * 60) {
      // The interval of the measurements.
      await sleep(MEASURE_EVERY_MS)
      const row = await measureStack(trial, Math.round(minutesSoFar()))
      measured.push(row)
      console.log(measurementLine(row))
      if (minutesSoFar() < nextFault) continue
      nextFault += Number(SOAK_FAULT_MINUTES)
      const fault = faults.next().value as Fault
      const { recoveryMs } = await injectAndRecover(trial, fault)
      console.log(`${fault.name}: the next result came after ${(recoveryMs / 1_000).toFixed(1)} s`)
    }
  } finally {
    console.log(`\n${plots(measured)}\n`)
    if (SOAK_CSV) await writeFile(SOAK_CSV, `${toCsv(measured)}\n`)
  }
}
