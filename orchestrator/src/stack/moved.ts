import type { Config } from '../config/config.ts'
import { CliError } from '../errors.ts'
import { isActive } from '../runtime/driver-state.ts'
import type { Runtime } from '../runtime/places.ts'
import { provenance, writeMark } from '../storage/mark.ts'
import { storagePaths } from '../storage/paths.ts'
import { makeRuntime } from './places.ts'
import { requireHere, stackFile } from './record.ts'

/**
 * Takes the storage of a folder that was moved to another disk for this folder's: only the user can tell it from a copy.
 * @throws CliError USAGE when it needs no such word; OTHER_FOLDER when its stack runs, which a copy would share.
 */
export async function confirmMoved(config: Config): Promise<void> {
  const storage = storagePaths(config.storageDir)
  const found = await provenance(storage.root, config.folder)
  if (found.kind !== 'unknown')
    throw new CliError('USAGE', `${config.folder} was not moved from another disk`, {
      hint: 'Leave --moved out.',
    })
  const record = await stackFile(storage).read()
  if (record) {
    await requireHere(record, storage)
    const runtime = makeRuntime(record.runtime, { config, storage, env: process.env })
    await requireNothingAt(found.from, runtime, 'Stop it in that folder, or end its processes if it is gone')
  }
  await writeMark(storage.root, config.folder)
}

/** Processes keep the path at which they were started; containers have their data in volumes. */
export async function requireNothingAt(former: string, runtime: Runtime, how: string): Promise<void> {
  if (runtime.name === 'docker' || !(await isUp(runtime))) return
  throw new CliError(
    'OTHER_FOLDER',
    `this folder was moved from ${former} while its stack was running there`,
    { hint: `${how}, then start it here with \`cpu-anomaly up\`.` },
  )
}

const isUp = async (runtime: Runtime): Promise<boolean> =>
  runtime.kafka.isOwn ? (await runtime.clusterId()) !== undefined : isActive(await runtime.driver())
