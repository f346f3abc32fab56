import type { Config, RuntimeName } from '../config/config.ts'
import { SECRET_KEYS } from '../config/settings.ts'
import { CliError } from '../errors.ts'
import { dockerAvailable, dockerRuntime } from '../runtime/docker/docker-runtime.ts'
import { LocalRuntime } from '../runtime/local/local-runtime.ts'
import type { Runtime, RuntimeContext, Selected } from '../runtime/runtime.ts'
import { type StoragePaths, storagePaths } from '../storage/paths.ts'
import { prepareStorage } from '../storage/storage-folder.ts'
import { stateFile } from '../system/state-file.ts'

/** Which runtime this folder's stack was started on, and whether it should be up. */
interface RuntimeRecord {
  readonly runtime: RuntimeName
  readonly up: boolean
}

const ALREADY_CHOSEN = "this folder's stack was started on it"

const runtimeFile = (storage: StoragePaths) =>
  stateFile<RuntimeRecord>(`${storage.run}/runtime.json`, ['runtime', 'up'])

/** The runtime to use: the one that this folder's stack is up on, else the one that RUNTIME names. */
export async function selectRuntime(config: Config): Promise<Selected> {
  const storage = storagePaths(config.storageDir)
  const env = childEnvironment()
  const { name, why } = await chooseRuntime(config, await runtimeFile(storage).read(), env)
  return { runtime: makeRuntime(name, { config, storage, env }), config, storage, why }
}

/**
 * Makes the storage folder and records which runtime was chosen. Must be called before anything is started.
 * @throws CliError CONFIGURATION when this folder's stack is up on another runtime than RUNTIME names.
 */
export async function claimRuntime({ config, runtime, storage }: Selected): Promise<void> {
  if (config.runtime !== 'auto' && config.runtime !== runtime.name)
    throw new CliError(
      'CONFIGURATION',
      `RUNTIME=${config.runtime}, but this folder's stack is up on the ${runtime.name} runtime`,
      {
        hint: `Run \`cpu-anomaly down\` first, or set RUNTIME=${runtime.name}.`,
      },
    )
  await prepareStorage(config.storageDir, config.folder)
  await runtimeFile(storage).write({ runtime: runtime.name, up: true })
}

/** The runtime on which this folder's stack was last started; undefined if it never was. */
export async function startedRuntime(config: Config): Promise<Selected | undefined> {
  const storage = storagePaths(config.storageDir)
  const record = await runtimeFile(storage).read()
  if (!record) return undefined
  const runtime = makeRuntime(record.runtime, { config, storage, env: childEnvironment() })
  return { runtime, config, storage, why: ALREADY_CHOSEN }
}

/** Records that the stack is down, so that the next `up` chooses a runtime again. */
export async function releaseRuntime({ runtime, storage }: Selected): Promise<void> {
  await runtimeFile(storage).write({ runtime: runtime.name, up: false })
}

async function chooseRuntime(
  config: Config,
  record: RuntimeRecord | undefined,
  env: RuntimeContext['env'],
): Promise<{ name: RuntimeName; why: string }> {
  if (record?.up) return { name: record.runtime, why: ALREADY_CHOSEN }
  if (config.runtime !== 'auto') return { name: config.runtime, why: `RUNTIME=${config.runtime}` }
  const { ok, why } = await dockerAvailable(env)
  return ok ? { name: 'docker', why } : { name: 'local', why: `no Docker: ${why}` }
}

function makeRuntime(name: RuntimeName, context: RuntimeContext): Runtime {
  switch (name) {
    case 'local':
      return new LocalRuntime(context)
    case 'docker':
      return dockerRuntime(context)
  }
}

/** The environment of child processes: this one without its secrets, which are passed in files. */
function childEnvironment(): Record<string, string> {
  const isPublic = (entry: [string, string | undefined]): entry is [string, string] =>
    entry[1] !== undefined && !SECRET_KEYS.has(entry[0])
  return Object.fromEntries(Object.entries(process.env).filter(isPublic))
}
