import { mkdtemp, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { waitFor } from '../e2e/helpers/wait-for.ts'

/** Room for the logs of a trial, and small enough to be filled in a moment. */
const SIZE = '768m'

/** A process that has just ended may hold its files for another moment. */
const UNMOUNT_TIMEOUT_MS = 10_000

export interface SmallDisk {
  readonly folder: string
  remove(): Promise<void>
}

/** A disk in memory that a fault can fill. Needs root. */
export async function mountSmallDisk(): Promise<SmallDisk> {
  const folder = await mkdtemp(join(tmpdir(), 'cpu-anomaly-disk-'))
  await execa('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'cpu-anomaly', folder])
  return { folder, remove: () => unmount(folder) }
}

/** @throws Error naming the processes that still hold the disk at the deadline. */
async function unmount(folder: string): Promise<void> {
  await waitFor(
    `the disk ${folder} to be free`,
    async () => {
      const { exitCode, stderr } = await execa('umount', [folder], { reject: false })
      const done = exitCode === 0
      return { done, value: undefined, seen: done ? '' : `${stderr}; held by ${await holders(folder)}` }
    },
    UNMOUNT_TIMEOUT_MS,
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
