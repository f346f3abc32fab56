import { existsSync } from 'node:fs'
import { mkdir, realpath, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { CONTINUES, type Fault } from './fault.ts'
import type { Trial } from './trial.ts'

const LIBRARY = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib']
  .map((folder) => join(folder, 'faketime', 'libfaketimeMT.so.1'))
  .find((file) => existsSync(file))

const unfit: Fault['unfit'] = ({ runtime }) => {
  if (runtime === 'docker') return 'libfaketime is not in the images'
  return LIBRARY ? undefined : 'libfaketime is not installed'
}

/** The wall clock of the driver's JVM is stepped while it runs; its monotonic clock is not. */
const stepped = (name: string, seconds: number): Fault => ({
  name: `clock: ${name}`,
  unfit,
  async inject(trial) {
    const clock = join(trial.stack.folder, 'clock')
    await writeFile(clock, '+0')
    await restartWithClock(trial, clock)
    await writeFile(clock, `${seconds < 0 ? '' : '+'}${seconds}`)
    return CONTINUES
  },
})

async function restartWithClock(trial: Trial, clock: string): Promise<void> {
  await trial.stack.ok('stop')
  const { home, python } = await writeWrappers()
  const env = {
    JAVA_HOME: home,
    FAKETIME_TIMESTAMP_FILE: clock,
    CPU_ANOMALY_PASS_ENV: 'FAKETIME_TIMESTAMP_FILE',
  }
  const flags = ['--set', `SPARK_CONF_spark.pyspark.driver.python=${python}`]
  const { exitCode, stderr } = await trial.stack.cli(['submit', ...flags], { env })
  if (exitCode !== 0) throw new Error(`submit with another clock ended with ${exitCode}:\n${stderr}`)
  trial.starts += 1
}

/**
 * A Java that runs under libfaketime if the environment names a clock, and a Python that does not: its `sleep` fails there.
 * The folder is always the same one, because the archive of Spark's classes is made anew for each Java.
 */
async function writeWrappers(): Promise<{ home: string; python: string }> {
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
  stepped('an hour back', -3_600),
  stepped('ten minutes ahead', 600),
]
