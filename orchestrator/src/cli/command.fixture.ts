import { access } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config, RuntimeName } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { FakeBroker } from '../kafka/broker.fixture.ts'
import type { Selected } from '../runtime/places.ts'
import { FakeRuntime } from '../runtime/runtime.fixture.ts'
import { recordUp } from '../stack/record.ts'
import { claimRuntime } from '../stack/select.ts'
import { storagePaths } from '../storage/paths.ts'
import { newFolder } from '../system/folder.fixture.ts'
import { RecordedOutput } from '../terminal/output.fixture.ts'
import type { CommandContext } from './command.ts'

export interface TestContext extends CommandContext {
  readonly output: RecordedOutput
  /** The project folder, which is removed when the test ends. */
  readonly folder: string
  readonly runtime: FakeRuntime
  /** The runtime's broker: it answers, and has no topics. Needs the stand-in for kafkajs. */
  readonly broker: FakeBroker
  /** What was done to runtime, checkpoint and topics, in order. */
  readonly journal: readonly string[]
  /** Aborts the signal, as Ctrl-C does. */
  interrupt(): void
  /** The contexts that `withSettings` made, by their settings. */
  readonly derived: readonly (readonly string[])[]
  /** Claims the folder for its runtime, as `up` does: from then on it counts as started. */
  start(): Promise<Selected>
}

interface Options {
  /** Settings, as from the environment; nothing else is set. */
  readonly settings?: Readonly<Record<string, string>>
  readonly runtime?: RuntimeName
}

/** A command's context: a folder of its own with real files, and a runtime and a broker in memory. */
export async function testContext({ settings = {}, runtime: name }: Options = {}): Promise<TestContext> {
  const folder = await newFolder()
  const runtime = new FakeRuntime(name)
  const broker = new FakeBroker()
  broker.journal = runtime.journal
  const output = new RecordedOutput()
  const controller = new AbortController()
  const derived: (readonly string[])[] = []

  const contextWith = (overrides: readonly string[]): CommandContext => {
    let loaded: Promise<Config> | undefined
    const config = () => {
      loaded ??= loadConfig({
        folder,
        envFile: undefined,
        overrides,
        environment: settings,
        warn: output.warn,
      })
      return loaded
    }
    const select = async (): Promise<Selected> => {
      const loadedConfig = await config()
      const storage = storagePaths(loadedConfig.storageDir)
      return { runtime, config: loadedConfig, storage, why: 'of the test' }
    }
    return {
      output,
      signal: controller.signal,
      config,
      select,
      selectAgain: select,
      selectStarted: async () => {
        const selected = await select()
        return (await isThere(join(selected.storage.run, 'runtime.json'))) ? selected : undefined
      },
      withSettings: (further) => {
        derived.push(further)
        return contextWith([...overrides, ...further])
      },
    }
  }

  const context = contextWith([])
  return {
    ...context,
    output,
    folder,
    runtime,
    broker,
    journal: runtime.journal,
    interrupt: () => controller.abort(new Error('interrupted by SIGINT')),
    derived,
    start: async () => {
      const selected = await context.select()
      await claimRuntime(selected, output)
      await recordUp(selected.storage, selected.config, runtime.name)
      return selected
    },
  }
}

/** The steps of the runtime that are done while the folder is locked, from now on. */
export function lockedSteps({ folder, runtime }: TestContext): readonly string[] {
  const steps: string[] = []
  runtime.onStep = async (step) => {
    if (await isThere(join(folder, 'storage', 'run', 'folder.lock'))) steps.push(step)
  }
  return steps
}

export const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )
