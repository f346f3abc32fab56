import { type Config, isGivenSpark, type RuntimeName } from '../config/config.ts'
import { CliError } from '../errors.ts'
import { submittedFile } from '../query/submitted.ts'
import { dockerAvailable } from '../runtime/docker/docker-spark.ts'
import { isActive } from '../runtime/driver-state.ts'
import type { Runtime, Selected } from '../runtime/places.ts'
import type { RuntimeContext } from '../runtime/runtime.ts'
import { forgetStorage, knownStorages } from '../storage/known-storages.ts'
import { provenance, requireOwnStorage } from '../storage/mark.ts'
import { storagePaths } from '../storage/paths.ts'
import { prepareStorage } from '../storage/storage-folder.ts'
import {
  type Applies,
  type Difference,
  jobDifferences,
  runtimeSetting,
  type Say,
  sayDifferences,
  stackDifferences,
  storageDifference,
  withDifferences,
} from './in-force.ts'
import { requireNothingAt } from './moved.ts'
import { makeRuntime } from './places.ts'
import { requireHere, requireSameEngine, type StackRecord, stackFile } from './record.ts'

const ALREADY_CHOSEN = "this folder's stack was started on it"

export interface SelectOptions extends Say {
  /** What this command brings into force; by default it uses what is in force already. */
  readonly applies?: Applies
}

/**
 * The runtime to use: the one that this folder's stack is up on, else the one that RUNTIME names.
 * @throws CliError OTHER_FOLDER when the storage is another folder's or a copy of it; OTHER_PLACE when the stack is up where
 *   it cannot be seen from here, or the folder's containers are on another engine.
 */
export async function selectRuntime(config: Config, { applies, ...say }: SelectOptions): Promise<Selected> {
  const storage = storagePaths(config.storageDir)
  await requireOwnStorage(storage.root, config.folder)
  await requireNoOtherStack(config, applies)
  const { env } = process
  const record = await stackRecord(config)
  if (record) await requireHere(record, storage)
  const { name, why } = await chooseRuntime(config, record, env)
  const differences = stackDifferences(config, record, applies)
  sayDifferences(differences, say)
  const inForce = withDifferences(config, differences)
  const runtime = makeRuntime(name, { config: inForce, storage, env })
  if (record) await requireSameEngine(record, runtime, storage)
  const selected = { runtime, config: inForce, storage, why }
  return applies === 'stack' || applies === 'job' ? selected : asSubmitted(selected, env, applies, say)
}

/** What `up` recorded. If that was removed while broker or job run as processes, it is known from these. */
async function stackRecord(config: Config): Promise<StackRecord | undefined> {
  const storage = storagePaths(config.storageDir)
  const record = await stackFile(storage).read()
  if (record) return record
  const runtime = makeRuntime('local', { config, storage, env: process.env })
  const isBrokerUp = runtime.kafka.isOwn && (await runtime.clusterId()) !== undefined
  const isUp = isBrokerUp || (await isJobActive(runtime))
  return isUp ? { runtime: 'local', up: true } : undefined
}

/** With the settings that the job was submitted with. */
async function asSubmitted(
  selected: Selected,
  env: RuntimeContext['env'],
  applies: Applies,
  say: Say,
): Promise<Selected> {
  const { runtime, storage } = selected
  const query = await submittedFile(storage, runtime.name).read()
  if (!query) return selected
  const differences = jobDifferences(selected.config, query, await isJobActive(runtime), applies)
  if (differences.length === 0) return selected
  sayDifferences(differences, say)
  const config = withDifferences(selected.config, differences)
  return { ...selected, config, runtime: makeRuntime(runtime.name, { config, storage, env }) }
}

const isJobActive = async (runtime: Runtime): Promise<boolean> =>
  isActive(await runtime.driver().catch(() => undefined))

/**
 * Where the settings differ from those that this folder's stack and job use, without choosing a runtime: it needs no
 * broker and no Docker. Empty for a copy of a folder: what its records name is not its own.
 */
export async function differencesInForce(config: Config): Promise<Difference[]> {
  const other = await otherStack(config)
  if (other !== undefined) return [storageDifference(config, other)]
  const storage = storagePaths(config.storageDir)
  const record = await stackFile(storage).read()
  const { kind } = await provenance(storage.root, config.folder)
  if (!record || (kind !== 'own' && kind !== 'moved')) return []
  const ofStack = stackDifferences(config, record)
  const query = await submittedFile(storage, record.runtime).read()
  const runtime = makeRuntime(record.runtime, { config, storage, env: process.env })
  const ofJob = jobDifferences(withDifferences(config, ofStack), query, await isJobActive(runtime))
  return [...ofStack, ...ofJob]
}

/**
 * Makes the storage folder, in which the folder's lock is.
 * @throws CliError CONFIGURATION when this folder's stack is up on another runtime than RUNTIME names; OTHER_FOLDER when it
 *   was moved while it ran.
 */
export async function claimRuntime(
  { config, runtime, storage }: Selected,
  { note }: Pick<Say, 'note'>,
): Promise<void> {
  if (config.runtime !== 'auto' && config.runtime !== runtime.name)
    throw new CliError(
      'CONFIGURATION',
      `${runtimeSetting(config)}, but this folder's stack is up on the ${runtime.name} runtime`,
      {
        hint: isGivenSpark(runtime.name)
          ? 'Run `cpu-anomaly down` first, or set SPARK_MASTER and SPARK_DEPLOY_MODE as they were.'
          : `Run \`cpu-anomaly down\` first, or set RUNTIME=${runtime.name}.`,
      },
    )
  const found = await provenance(storage.root, config.folder)
  if (found.kind === 'moved') {
    await requireNothingAt(found.from, runtime, 'Stop it with `cpu-anomaly down`')
    note(`This folder was ${found.from} before; its data were kept.`)
  }
  await prepareStorage(config.storageDir, config.folder)
}

/** The runtime on which this folder's stack was last started; undefined if it never was. */
export async function startedRuntime(config: Config, options: SelectOptions): Promise<Selected | undefined> {
  const selected = await selectRuntime(config, options)
  const record = await stackRecord(config)
  if (!record) return undefined
  if (record.up) return selected
  const { storage } = selected
  const runtime = makeRuntime(record.runtime, { config: selected.config, storage, env: process.env })
  await requireSameEngine(record, runtime, storage)
  return { ...selected, runtime, why: ALREADY_CHOSEN }
}

/** Records that the stack is down, so that the next `up` chooses a runtime again; the engine that has its volumes stays. */
export async function releaseRuntime({ runtime, config, storage }: Selected, isEmpty = false): Promise<void> {
  const file = stackFile(storage)
  const engine = isEmpty ? undefined : (await file.read())?.engine
  await file.write({ runtime: runtime.name, up: false, ...(engine && { engine }) })
  await forgetStorage(config.folder, storage.root)
}

/** @throws CliError CONFIGURATION when the stack is up in another storage folder: STORAGE_DIR was changed meanwhile. */
async function requireNoOtherStack(config: Config, applies: Applies): Promise<void> {
  const other = await otherStack(config, applies)
  if (other === undefined) return
  throw new CliError(
    'CONFIGURATION',
    `this folder's stack is up in ${other}, but STORAGE_DIR is now ${config.storageDir}`,
    {
      hint: `Set STORAGE_DIR=${other} again, or first stop that stack with \`cpu-anomaly down --set STORAGE_DIR=${other}\`.`,
    },
  )
}

/** The storage folder in which this folder's stack is up, unless the command is meant for the one that STORAGE_DIR names. */
async function otherStack(config: Config, applies?: Applies): Promise<string | undefined> {
  if (await isStorageMeant(config, applies)) return undefined
  for (const root of await knownStorages(config.folder))
    if (root !== config.storageDir && (await stackFile(storagePaths(root)).read())?.up) return root
  return undefined
}

/** A flag is meant. So is what the environment or a file of `--settings` names, if it has a stack, or `up` starts one there. */
async function isStorageMeant({ storageDir, resolved }: Config, applies: Applies): Promise<boolean> {
  const origin = resolved.find(({ key }) => key === 'STORAGE_DIR')?.origin
  if (origin === '.env' || origin === 'default') return false
  if (origin === 'flag' || applies === 'stack') return true
  return (await stackFile(storagePaths(storageDir)).read()) !== undefined
}

async function chooseRuntime(
  config: Config,
  record: StackRecord | undefined,
  env: RuntimeContext['env'],
): Promise<{ name: RuntimeName; why: string }> {
  if (record?.up) return { name: record.runtime, why: ALREADY_CHOSEN }
  if (config.runtime !== 'auto') return { name: config.runtime, why: runtimeSetting(config) }
  const { ok, why } = await dockerAvailable(env)
  return ok ? { name: 'docker', why } : { name: 'local', why: `no Docker: ${why}` }
}

/** The runtime that commands use, as far as that is certain without looking for Docker. */
export async function certainRuntime({ storageDir, runtime }: Config): Promise<RuntimeName | undefined> {
  const record = await stackFile(storagePaths(storageDir)).read()
  if (record?.up) return record.runtime
  return runtime === 'auto' ? undefined : runtime
}
