import type { Config, RuntimeName } from '../config/config.ts'
import { SECRET_KEYS } from '../config/settings.ts'
import { CliError } from '../errors.ts'
import { dockerAvailable, dockerRuntime } from '../runtime/docker/docker-runtime.ts'
import { LocalRuntime } from '../runtime/local/local-runtime.ts'
import type { Runtime, RuntimeContext, Selected } from '../runtime/runtime.ts'
import { type StoragePaths, storagePaths } from '../storage/paths.ts'
import { prepareStorage } from '../storage/storage-folder.ts'
import { stateFile } from '../system/state-file.ts'

/** Which runtime this folder's stack was started with, and whether it is meant to be up. */
interface Choice {
  readonly runtime: RuntimeName
  readonly up: boolean
}

const choiceFile = (storage: StoragePaths) => stateFile<Choice>(`${storage.run}/runtime.json`)

/** The runtime to work with: the one this folder is up on, else what RUNTIME says. */
export async function selectRuntime(config: Config): Promise<Selected> {
  const storage = storagePaths(config.storageDir)
  const env = childEnvironment()
  const { name, why } = await chooseRuntime(config, await choiceFile(storage).read(), env)
  return { runtime: makeRuntime(name, { config, storage, env }), config, storage, why }
}

/**
 * Makes the storage folder and remembers the choice: called before anything is started.
 * @throws CliError CONFIGURATION when this folder is up on another runtime than RUNTIME asks for.
 */
export async function claimRuntime({ config, runtime, storage }: Selected): Promise<void> {
  if (config.runtime !== 'auto' && config.runtime !== runtime.name)
    throw new CliError(
      'CONFIGURATION',
      `RUNTIME=${config.runtime}, but this folder is up on the ${runtime.name} runtime`,
      {
        hint: `Run \`cpu-anomaly down\` first, or set RUNTIME=${runtime.name}.`,
      },
    )
  await prepareStorage(config.storageDir, config.folder)
  await choiceFile(storage).write({ runtime: runtime.name, up: true })
}

/** The runtime that this folder last started something on; undefined when it never did. */
export async function startedRuntime(config: Config): Promise<Selected | undefined> {
  const storage = storagePaths(config.storageDir)
  const choice = await choiceFile(storage).read()
  if (!choice) return undefined
  const runtime = makeRuntime(choice.runtime, { config, storage, env: childEnvironment() })
  return { runtime, config, storage, why: 'this folder was started on it' }
}

/** The stack is down: the next `up` chooses anew. */
export async function releaseRuntime({ runtime, storage }: Selected): Promise<void> {
  await choiceFile(storage).write({ runtime: runtime.name, up: false })
}

async function chooseRuntime(
  config: Config,
  choice: Choice | undefined,
  env: RuntimeContext['env'],
): Promise<{ name: RuntimeName; why: string }> {
  if (choice?.up) return { name: choice.runtime, why: 'this folder was started on it' }
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

/** The environment for what we start: this one, less the secrets in it, which travel in files. */
function childEnvironment(): Record<string, string> {
  const isOpen = (entry: [string, string | undefined]): entry is [string, string] =>
    entry[1] !== undefined && !SECRET_KEYS.has(entry[0])
  return Object.fromEntries(Object.entries(process.env).filter(isOpen))
}
