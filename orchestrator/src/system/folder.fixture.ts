import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** An empty folder, by its real path, that is removed at the end of the test. */
export async function newFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'cpu-anomaly-test-')))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}
