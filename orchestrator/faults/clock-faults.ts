import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { waitFor } from '../e2e/helpers/wait-for.ts'
import { continues, continuesAnew, type Fault } from './fault.ts'
import { FAKETIME, LIBRARY, type OtherJava, otherJava } from './other-clock.ts'
import { signalPart } from './processes.ts'
import type { Trial } from './trial.ts'

const START_TIMEOUT_MS = 120_000
/** A clock shows what it should, give or take the time that the question takes. */
const TOLERANCE_MS = 120_000

const needsLibrary: NonNullable<Fault['unfit']> = () => (LIBRARY ? undefined : 'libfaketime is not installed')

const unfit: NonNullable<Fault['unfit']> = (setup) =>
  setup.runtime === 'docker' ? 'libfaketime is not in the images' : needsLibrary(setup)

/** Starts a part under a clock of its own, which follows the named file. */
type StartWithClock = (trial: Trial, java: OtherJava, env: Record<string, string>) => Promise<void>

const restartDriver: StartWithClock = async (trial, { python }, env) => {
  await trial.stack.ok('stop')
  await run(trial, env, 'submit', '--set', `SPARK_CONF_spark.pyspark.driver.python=${python}`)
}

const restartBroker: StartWithClock = async (trial, _java, env) => {
  await signalPart(trial.stack, 'broker', 'TERM')
  await run(trial, env, 'up')
}

async function run(trial: Trial, env: Record<string, string>, ...args: string[]): Promise<void> {
  const { exitCode, stderr } = await trial.stack.cli(args, { env })
  if (exitCode !== 0) throw new Error(`${args[0]} with another clock ended with ${exitCode}:\n${stderr}`)
}

const signed = (seconds: number) => `${seconds < 0 ? '' : '+'}${seconds}`

/** The wall clock of a part's JVM is stepped while it runs; its monotonic clock is not. */
function stepped(part: 'driver' | 'broker', name: string, seconds: number): Fault {
  const clockOf = (trial: Trial) => join(trial.stack.folder, `clock-of-${part}`)
  const start = part === 'driver' ? restartDriver : restartBroker
  return {
    name: `clock: that of the ${part} ${name}`,
    unfit,
    async prepare(trial) {
      const clock = clockOf(trial)
      const java = await otherJava()
      await writeFile(clock, '+0')
      await start(trial, java, {
        JAVA_HOME: java.home,
        FAKETIME_TIMESTAMP_FILE: clock,
        CPU_ANOMALY_PASS_ENV: 'FAKETIME_TIMESTAMP_FILE',
      })
      await trial.results.resultSince(Date.now(), START_TIMEOUT_MS)
    },
    async inject(trial) {
      const before = (await trial.status()).driver?.restarts ?? 0
      await writeFile(clockOf(trial), signed(seconds))
      const struckMs = Date.now()
      if (part === 'driver' && seconds < 0) {
        await untilRestarted(trial, before)
        return { ...continuesAnew(struckMs), sinceMs: Date.now() }
      }
      await untilClockIs(part === 'driver' ? driverAheadMs : brokerAheadMs, trial, seconds * 1_000)
      return continues(struckMs)
    },
  }
}

/** Spark waits by the wall clock, so the driver has itself started again: only then do results come again. */
async function untilRestarted(trial: Trial, before: number): Promise<void> {
  await waitFor(
    'a restart of the driver',
    async () => {
      const { driver } = await trial.status()
      return { done: (driver?.restarts ?? 0) > before, value: undefined, seen: JSON.stringify(driver) }
    },
    START_TIMEOUT_MS,
  )
}

async function untilClockIs(
  read: (trial: Trial) => Promise<number>,
  trial: Trial,
  aheadMs: number,
): Promise<void> {
  await waitFor(
    `a clock that is ${aheadMs / 1_000} s ahead`,
    async () => {
      const ms = await read(trial)
      return { done: Math.abs(ms - aheadMs) < TOLERANCE_MS, value: undefined, seen: `${ms / 1_000} s ahead` }
    },
    START_TIMEOUT_MS,
  )
}

const brokerAheadMs = async ({ load }: Trial) => load.brokerAheadMs

/** Spark notes its time in the offsets of each batch that it plans. */
async function driverAheadMs({ stack }: Trial): Promise<number> {
  const folder = join(stack.folder, 'storage', 'checkpoint', 'offsets')
  const newest = Math.max(...(await readdir(folder)).map(Number).filter(Number.isInteger))
  const text = await readFile(join(folder, String(newest)), 'utf8')
  return Number(text.match(/"batchTimestampMs":(\d+)/)?.[1] ?? Number.NaN) - Date.now()
}

/** The commands believe another time than broker and driver do. */
function commandsStepped(name: string, seconds: number): Fault {
  const env = { ...FAKETIME, FAKETIME: signed(seconds) }
  return {
    name: `clock: that of stop, up and submit ${name}`,
    unfit: needsLibrary,
    async prepare() {
      const { stdout } = await execa(process.execPath, ['-p', 'Date.now()'], { env })
      if (Math.abs(Number(stdout) - Date.now() - seconds * 1_000) > TOLERANCE_MS)
        throw new Error(`the clock of a command shows ${new Date(Number(stdout)).toISOString()}`)
    },
    async inject(trial) {
      await run(trial, env, 'stop')
      const stoppedMs = Date.now()
      await run(trial, env, 'up')
      await run(trial, env, 'submit')
      return continuesAnew(stoppedMs)
    },
  }
}

export const CLOCK_FAULTS: readonly Fault[] = [
  stepped('driver', 'an hour back', -3_600),
  stepped('driver', 'two hours ahead', 7_200),
  stepped('broker', 'two hours back', -7_200),
  stepped('broker', 'two hours ahead', 7_200),
  commandsStepped('two hours back', -7_200),
  commandsStepped('two hours ahead', 7_200),
]
