import type { CommandContext, CommandRun } from '../cli/command.ts'
import { unusedOnRuntime } from '../config/unused-settings.ts'
import { type DemoResult, DemoRun } from '../demo/demo-run.ts'
import type { Normal } from '../demo/normal.ts'
import {
  demoSettings,
  LEARNING_SETTINGS,
  removeEarlierDemo,
  removeStorage,
  watchingSettings,
  writeSettingsFile,
} from '../demo/own-stack.ts'
import { summaryTable } from '../demo/summary.ts'
import { CliError } from '../errors.ts'
import { submitJob } from '../query/submit.ts'
import type { Selected } from '../runtime/places.ts'
import { takeDown } from '../stack/down.ts'
import { claimRuntime } from '../stack/select.ts'
import { stopJob } from '../stack/stop-job.ts'
import { bringUp } from '../stack/up.ts'
import { withFolderLock } from '../storage/folder-lock.ts'
import type { Output } from '../terminal/output.ts'

const SUBMIT_TIMEOUT_MS = 180_000
/** Before the demo has learned it. */
const UNKNOWN: Normal = { mean: Number.NaN, stddev: Number.NaN }

interface Flags {
  readonly keep?: boolean
}

export const run: CommandRun<Flags> = async (context, _args, { keep = false }) => {
  const startedAt = performance.now()
  const { output, signal } = context
  output.note(
    "Starts Kafka and Spark, learns what is normal for this machine's CPU, makes a burst of load, finds it, and cleans up.",
  )
  const settings = await demoSettings(await requestedRuntime(context))
  for (const key of await overridden(context, [...settings, ...watchingSettings(UNKNOWN)]))
    output.warn(`${key} has no effect: the demo has a value of its own`)
  const own = context.withSettings(settings)
  await removeEarlierDemo(own)
  const selected = await own.select('stack')
  const resolved = (await context.config()).resolved.filter(({ origin }) => origin === 'flag')
  for (const line of unusedOnRuntime({ ...selected.config, resolved }, selected.runtime.name))
    output.warn(line)
  await claimRuntime(selected, output)
  await withFolderLock(selected.storage, signal, async () => {
    const result = await runDemo(own, selected, keep)
    output.note('')
    output.result(summaryTable(result))
    if (keep) await showNextCommands(own, selected, [...settings, ...watchingSettings(result.normal)])
    else await removeStorage(selected)
    requireFound(result, output)
  })
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0)
  output.note(`The demo took ${seconds} s.${keep ? '' : ' Everything is stopped and removed.'}`)
  if (!keep) output.note('Next     npx cpu-anomaly up')
}

/**
 * Other load than the demo's own may be an anomaly too, and is told apart.
 * @throws CliError QUERY_FAILED when the job did not find the burst.
 */
function requireFound(
  { verdict: { inside, missed, outside, falseAlarms }, normal }: DemoResult,
  output: Output,
): void {
  if (inside.length === 0 || missed.length > 0) {
    const seen = missed.map(({ mean }) => `${mean.toFixed(1)} %`).join(', ')
    throw new CliError(
      'QUERY_FAILED',
      `the burst was not found as a whole: SAFE windows in it: ${seen || 'none at all'}`,
      {
        hint: `WARN begins at ${(normal.mean + normal.stddev).toFixed(1)} %. Something else may have used the CPU: run the demo again.`,
      },
    )
  }
  const others = falseAlarms.map(({ window }) => window.start.slice(11, 19)).join(', ')
  if (falseAlarms.length > 0)
    output.warn(`not only the burst: other work, perhaps Spark's own, used the CPU at ${others} (UTC)`)
  else
    output.note(
      `Spark has found the burst, and nothing but the burst, in ${inside.length + outside.length} windows.`,
    )
}

/** The settings of this call (`--set`) that the demo replaces. Those of the project are meant for the project's own stack. */
async function overridden(context: CommandContext, settings: readonly string[]): Promise<string[]> {
  const own = new Set([...settings.map((setting) => setting.split('=', 1)[0])])
  const given = (await context.config()).resolved.filter(
    ({ key, origin }) => origin === 'flag' && own.has(key),
  )
  return given.map(({ key }) => key).filter((key) => key !== 'RUNTIME')
}

/** RUNTIME if it is set, else the local runtime, which needs no Docker. */
async function requestedRuntime(context: CommandContext): Promise<string> {
  const setting = (await context.config()).resolved.find(({ key }) => key === 'RUNTIME')
  return !setting || setting.origin === 'default' ? 'local' : setting.value
}

/** Keeps the stack only if the demo succeeded: not if it failed or was interrupted. */
async function runDemo(context: CommandContext, selected: Selected, keep: boolean): Promise<DemoResult> {
  const { output, signal } = context
  const submitWith = async (settings: readonly string[]) => {
    const options = { newCheckpoint: false, timeoutMs: SUBMIT_TIMEOUT_MS }
    await submitJob(await context.withSettings(settings).select('job'), options, output, signal)
  }
  let result: DemoResult | undefined
  try {
    await bringUp(selected, output, signal)
    await submitWith(LEARNING_SETTINGS)
    output.note(`Spark UI: ${selected.runtime.sparkUi}`)
    const judgeBy = async (normal: Normal) => {
      // What it says of other ways to stop is not for the demo.
      await stopJob(selected, { ...output, note: () => undefined }, signal)
      await submitWith(watchingSettings(normal))
    }
    result = await new DemoRun(selected, judgeBy, output, signal).run()
    return result
  } finally {
    if (!keep || !result) {
      output.note('')
      // Also runs after Ctrl-C, so not with the command's own signal; a second Ctrl-C ends the program.
      await takeDown(selected, true, output, new AbortController().signal)
    }
  }
}

async function showNextCommands(
  { output }: CommandContext,
  selected: Selected,
  settings: readonly string[],
): Promise<void> {
  const file = await writeSettingsFile(selected, settings)
  output.note('Everything is still running. Look at it and stop it with these commands:')
  for (const command of ['tail --all', 'status', 'down --volumes'])
    output.note(`  npx cpu-anomaly --settings ${file} ${command}`)
}
