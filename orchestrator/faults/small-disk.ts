import { mkdtemp, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'

/** Room for the logs of a trial, and small enough to be filled in a moment. */
const SIZE = '768m'

export interface SmallDisk {
  readonly folder: string
  remove(): Promise<void>
}

/** A disk in memory that a fault can fill. Needs root. */
export async function mountSmallDisk(): Promise<SmallDisk> {
  const folder = await mkdtemp(join(tmpdir(), 'cpu-anomaly-disk-'))
  await execa('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'cpu-anomaly', folder])
  const remove = async () => {
    await execa('umount', [folder])
    await rmdir(folder)
  }
  return { folder, remove }
}
