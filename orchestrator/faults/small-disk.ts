import { mkdtemp, readFile, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { execa } from 'execa'
import { waitFor } from '../e2e/helpers/wait-for.ts'

/** Room for the logs of a trial, and small enough to be filled in a moment. */
const SIZE = '768m'

/** A process that has just ended may hold its files for another moment. */
const UNMOUNT_TIMEOUT_MS = 10_000

/** Before the id of the process that has mounted it. */
const PREFIX = 'cpu-anomaly-disk-'

export interface SmallDisk {
  readonly folder: string
  remove(): Promise<void>
}

/** A disk in memory that a fault can fill. Needs root. */
export async function mountSmallDisk(): Promise<SmallDisk> {
  await removeLeftDisks()
  const folder = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`))
  await execa('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'cpu-anomaly', folder])
  return { folder, remove: () => unmount(folder) }
}

/** A run that was killed leaves its disk behind. What still runs on it is not ended, but named. */
async function removeLeftDisks(): Promise<void> {
  for (const folder of abandonedDisks(await readFile('/proc/mounts', 'utf8'), isAlive))
    await unmount(folder, 0).then(
      () => console.log(`removed the disk of a run that was killed: ${folder}`),
      (error: Error) => console.log(`the disk of a run that was killed stays: ${error.message}`),
    )
}

/** Folders of small disks in /proc/mounts whose run has ended. */
export function abandonedDisks(mounts: string, isAlive: (pid: number) => boolean): string[] {
  return mounts
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([device, , type]) => device === 'cpu-anomaly' && type === 'tmpfs')
    .flatMap(([, folder = '']) => {
      const pid = basename(folder).match(new RegExp(`^${PREFIX}(\\d+)-`))?.[1]
      return pid !== undefined && !isAlive(Number(pid)) ? [folder] : []
    })
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** @throws Error naming the processes that still hold the disk at the deadline. */
async function unmount(folder: string, timeoutMs = UNMOUNT_TIMEOUT_MS): Promise<void> {
  await waitFor(
    `the disk ${folder} to be free`,
    async () => {
      const { exitCode, stderr } = await execa('umount', [folder], { reject: false })
      const done = exitCode === 0
      return { done, value: undefined, seen: done ? '' : `${stderr}; held by ${await holders(folder)}` }
    },
    timeoutMs,
  )
  await rmdir(folder)
}

/** The processes whose working folder, open files or mapped files are below a folder. */
async function holders(folder: string): Promise<string> {
  const script = `for process in /proc/[0-9]*; do
    { readlink "$process/cwd" "$process"/fd/*; cat "$process/maps"; } 2>/dev/null | grep -qF "$1" &&
      echo "\${process#/proc/} $(tr '\\0' ' ' < "$process/cmdline")"
  done; true`
  const { stdout } = await execa('sh', ['-c', script, 'sh', folder])
  return stdout === '' ? 'no process' : stdout
}
