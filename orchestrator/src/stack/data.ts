import { readdir } from 'node:fs/promises'
import { errorMessage } from '../errors.ts'
import type { Selected } from '../runtime/places.ts'
import { makeRuntime } from './places.ts'
import { requireSameEngine, stackFile } from './record.ts'

/** Where this folder has data of the other runtime, on which an earlier `up` started it; undefined if it has none. */
export async function otherData({ runtime, storage }: Selected): Promise<string | undefined> {
  if (runtime.name !== 'docker') {
    const engine = (await stackFile(storage).read())?.engine
    return engine && `Docker's volumes (${engine.url})`
  }
  const entries = await Promise.all(
    [storage.kafka, storage.checkpoint].map((dir) => readdir(dir).catch(() => [])),
  )
  return entries.flat().length > 0 ? `${storage.kafka} and ${storage.checkpoint}` : undefined
}

interface Removal {
  readonly removed: readonly string[]
  /** What is still there, each with the reason. */
  readonly notRemoved: readonly string[]
}

/** Removes Kafka's data and the checkpoint, those of the other runtime too. Everything must be stopped. */
export async function removeData(selected: Selected): Promise<Removal> {
  const removed = await selected.runtime.removeVolumes()
  const where = await otherData(selected)
  if (where === undefined) return { removed, notRemoved: [] }
  try {
    return { removed: [...removed, ...(await removeOther(selected))], notRemoved: [] }
  } catch (error) {
    return { removed, notRemoved: [`${where}: ${errorMessage(error)}`] }
  }
}

async function removeOther({ runtime, config, storage }: Selected): Promise<string[]> {
  const name = runtime.name === 'docker' ? 'local' : 'docker'
  const other = makeRuntime(name, { config, storage, env: process.env })
  const record = await stackFile(storage).read()
  if (record) await requireSameEngine(record, other, storage)
  if (other.kafka.isOwn && (await other.clusterId()) !== undefined) throw new Error('its broker is running')
  return other.removeVolumes()
}
