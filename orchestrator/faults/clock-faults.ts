import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CONTINUES, type Fault } from './fault.ts'
import type { Trial } from './trial.ts'

const LIBRARY = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib']
  .map((folder) => join(folder, 'faketime', 'libfaketimeMT.so.1'))
  .find((file) => existsSync(file))

const unfit: Fault['unfit'] = ({ runtime }) => {
  if (runtime === 'docker') return 'libfaketime is not in the images'
  return LIBRARY ? undefined : 'libfaketime is not installed'
}

/** The wall clock of supervisor and driver is stepped while they run; the monotonic clock is not. */
const stepped = (name: string, step: string): Fault => ({
  name: `clock: ${name}`,
  unfit,
  async inject(trial) {
    const file = join(trial.stack.folder, 'clock')
    await writeFile(file, '+0')
    await restartWithClock(trial, file)
    await writeFile(file, step)
    return CONTINUES
  },
})

async function restartWithClock(trial: Trial, file: string): Promise<void> {
  await trial.stack.ok('stop')
  const env = {
    CPU_ANOMALY_PASS_ENV: 'LD_PRELOAD,FAKETIME_TIMESTAMP_FILE,FAKETIME_NO_CACHE,DONT_FAKE_MONOTONIC',
    LD_PRELOAD: LIBRARY ?? '',
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    DONT_FAKE_MONOTONIC: '1',
  }
  const { exitCode, stderr } = await trial.stack.cli(['submit'], { env })
  if (exitCode !== 0) throw new Error(`submit under libfaketime ended with ${exitCode}:\n${stderr}`)
  trial.starts += 1
}

export const CLOCK_FAULTS: readonly Fault[] = [
  stepped('an hour back', '-3600'),
  stepped('ten minutes ahead', '+600'),
]
