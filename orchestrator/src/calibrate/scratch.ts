import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startToken } from '../system/process-identity.ts'

const NAME = /^calibrate-(\d+)-/

/** A new folder of this process. Removes those of processes that were killed: samples may take much space. */
export async function newScratch(run: string): Promise<string> {
  // A file can be read in a folder without a stack.
  const parent = existsSync(run) ? run : tmpdir()
  if (parent === run) await removeLeftovers(run)
  return mkdtemp(join(parent, `calibrate-${process.pid}-`))
}

async function removeLeftovers(run: string): Promise<void> {
  for (const name of await readdir(run)) {
    const pid = NAME.exec(name)?.[1]
    if (pid !== undefined && (await startToken(Number(pid))) === undefined)
      await rm(join(run, name), { recursive: true, force: true })
  }
}
