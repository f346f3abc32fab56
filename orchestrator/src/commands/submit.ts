import type { CommandContext, CommandRun } from '../cli/command.ts'
import { maskedSettings } from '../config/load.ts'
import { planFor, prepareSubmission, submitJob, triggerLine } from '../query/submit.ts'
import type { Selected } from '../runtime/runtime.ts'
import { requireBroker } from '../stack/require-broker.ts'
import { claimRuntime } from '../stack/select.ts'
import { stopJob } from '../stack/stop-job.ts'
import { withFolderLock } from '../storage/folder-lock.ts'
import { escapeControls } from '../terminal/text.ts'

const DEFAULT_TIMEOUT_SECONDS = 180

interface Flags {
  readonly dryRun?: boolean
  readonly foreground?: boolean
  readonly newCheckpoint?: boolean
  readonly timeoutSeconds?: number
  readonly json?: boolean
}

export const run: CommandRun<Flags> = async (context, _args, flags) => {
  if (flags.dryRun) return dryRun(context, flags.json === true)
  const { output, signal } = context
  const selected = await context.select()
  await requireBroker(selected.runtime)
  await claimRuntime(selected)
  const { runtime, storage } = selected
  const options = {
    newCheckpoint: flags.newCheckpoint === true,
    timeoutMs: (flags.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) * 1_000,
  }
  await withFolderLock(storage, signal, () => submitJob(selected, options, output, signal))
  if (flags.json) output.json({ job: 'running', ui: runtime.sparkUi, driver: await runtime.driver() })
  if (flags.foreground) return stayInForeground(context, selected)
  output.note('Next     npx cpu-anomaly tail anomaly      (feed it: npx cpu-anomaly produce --live)')
}

/** Prints what would be submitted, and changes nothing. */
async function dryRun(context: CommandContext, json: boolean): Promise<void> {
  const { runtime, config } = await context.select()
  const plan = await planFor(config, runtime, context.signal)
  const { job, submitArgs } = await prepareSubmission(config, runtime, plan)
  const settings = maskedSettings(config)
  if (json) {
    context.output.json({ job, submitArgs, settings, plan })
    return
  }
  const { result } = context.output
  result('# settings')
  for (const { key, value, origin } of settings) result(`#   ${key}=${escapeControls(value)}  (${origin})`)
  result(`# ${triggerLine(plan)}`)
  result('# spark-submit arguments')
  for (const arg of submitArgs) result(`#   ${escapeControls(arg)}`)
  result(job.trimEnd())
}

/** Shows the driver's log until Ctrl-C, and then stops the job. */
async function stayInForeground({ output, signal }: CommandContext, selected: Selected): Promise<void> {
  const { runtime } = selected
  output.note("The driver's log; Ctrl-C stops the job:")
  for await (const line of runtime.logs('driver', { follow: true, lines: 0 }, signal))
    output.result(escapeControls(line))
  await stopJob(selected, output, new AbortController().signal)
}
