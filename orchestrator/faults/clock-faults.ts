import { existsSync } from 'node:fs'
import { mkdir, realpath, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { waitFor } from '../e2e/helpers/wait-for.ts'
import { CONTINUES, type Fault } from './fault.ts'
import { signalPart } from './processes.ts'
import type { Trial } from './trial.ts'

const START_TIMEOUT_MS = 120_000

const LIBRARY = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib']
  .map((folder) => join(folder, 'faketime', 'libfaketimeMT.so.1'))
  .find((file) => existsSync(file))

const unfit: NonNullable<Fault['unfit']> = ({ runtime }) => {
  if (runtime === 'docker') return 'libfaketime is not in the images'
  return LIBRARY ? undefined : 'libfaketime is not installed'
}

/** Starts a part under a clock of its own, which follows the named file. */
type StartWithClock = (trial: Trial, java: OtherJava, env: Record<string, string>) => Promise<void>

const restartDriver: StartWithClock = async (trial, { python }, env) => {
  await trial.stack.ok('stop')
  await run(trial, env, 'submit', '--set', `SPARK_CONF_spark.pyspark.driver.python=${python}`)
  trial.starts += 1
}

const restartBroker: StartWithClock = async (trial, _java, env) => {
  await signalPart(trial.stack, 'broker', 'TERM')
  await run(trial, env, 'up')
}

async function run(trial: Trial, env: Record<string, string>, ...args: string[]): Promise<void> {
  const { exitCode, stderr } = await trial.stack.cli(args, { env })
  if (exitCode !== 0) throw new Error(`${args[0]} with another clock ended with ${exitCode}:\n${stderr}`)
}

/** The wall clock of a part's JVM is stepped while it runs; its monotonic clock is not. */
function stepped(part: 'driver' | 'broker', name: string, seconds: number): Fault {
  const clockOf = (trial: Trial) => join(trial.stack.folder, `clock-of-${part}`)
  const start = part === 'driver' ? restartDriver : restartBroker
  return {
    name: `clock: that of the ${part} ${name}`,
    unfit,
    async prepare(trial) {
      const clock = clockOf(trial)
      const java = await writeWrappers()
      await writeFile(clock, '+0')
      await start(trial, java, {
        JAVA_HOME: java.home,
        FAKETIME_TIMESTAMP_FILE: clock,
        CPU_ANOMALY_PASS_ENV: 'FAKETIME_TIMESTAMP_FILE',
      })
      await trial.resultSince(Date.now(), START_TIMEOUT_MS)
    },
    async inject(trial) {
      const before = (await trial.status()).driver?.restarts ?? 0
      await writeFile(clockOf(trial), `${seconds < 0 ? '' : '+'}${seconds}`)
      if (part === 'driver' && seconds < 0) await untilRestarted(trial, before)
      return { ...CONTINUES, since: Date.now() }
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

interface OtherJava {
  readonly home: string
  readonly python: string
}

/**
 * A Java that runs under libfaketime if the environment names a clock, and a Python that does not: its `sleep` fails there.
 * The folder is always the same one, because the archive of Spark's classes is made anew for each Java.
 */
async function writeWrappers(): Promise<OtherJava> {
  const home = join(tmpdir(), 'cpu-anomaly-other-clock')
  const { stdout } = await execa('sh', ['-c', 'command -v java'])
  const java = join(dirname(await realpath(stdout)), 'java')
  const python = join(home, 'bin', 'python')
  await mkdir(dirname(python), { recursive: true })
  // With its fix for older C libraries, on by default, all timed waits of the JVM end at once.
  const variables = `LD_PRELOAD=${LIBRARY} FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1 FAKETIME_FORCE_MONOTONIC_FIX=0`
  await writeFile(
    join(home, 'bin', 'java'),
    `#!/bin/sh\nif [ -n "$FAKETIME_TIMESTAMP_FILE" ]; then export ${variables}; fi\nexec '${java}' "$@"\n`,
    { mode: 0o755 },
  )
  await writeFile(python, '#!/bin/sh\nunset LD_PRELOAD\nexec "$PYSPARK_PYTHON" "$@"\n', { mode: 0o755 })
  return { home, python }
}

export const CLOCK_FAULTS: readonly Fault[] = [
  stepped('driver', 'an hour back', -3_600),
  stepped('driver', 'two hours ahead', 7_200),
  stepped('broker', 'two hours back', -7_200),
  stepped('broker', 'two hours ahead', 7_200),
]
