import type { CommandContext, CommandRun } from '../cli/command.ts'
import { maskedSettings } from '../config/load.ts'
import { unusedFlags, unusedOnRuntime, unusedSettings } from '../config/unused-settings.ts'
import { CliError } from '../errors.ts'
import { dryRunJson, dryRunLines } from '../query/dry-run.ts'
import { withFormat } from '../query/input-format.ts'
import { prepareSubmission } from '../query/prepare.ts'
import { planFor, type SubmitOptions, submitJob } from '../query/submit.ts'
import { isActive } from '../runtime/driver-state.ts'
import type { Selected } from '../runtime/places.ts'
import { recordGiven } from '../stack/record.ts'
import { requireBroker } from '../stack/require-broker.ts'
import { claimRuntime } from '../stack/select.ts'
import { stopJob } from '../stack/stop-job.ts'
import { withFolderLock } from '../storage/folder-lock.ts'
import { stderrReader, untilReaderGone } from '../terminal/closed-pipe.ts'
import { escapeControls } from '../terminal/text.ts'
import { forAdministrator } from './for-administrator.ts'

const DEFAULT_TIMEOUT_SECONDS = 180
/** A node may have to fetch the image first. */
const TIMEOUT_WITH_IMAGE_SECONDS = 600

interface Flags {
  readonly dryRun?: boolean
  readonly full?: boolean
  readonly foreground?: boolean
  readonly newCheckpoint?: boolean
  readonly timeoutSeconds?: number
  readonly json?: boolean
}

export const run: CommandRun<Flags> = async (context, _args, flags) => {
  checkUsage(flags)
  if (flags.dryRun) return dryRun(context, flags)
  const { output } = context
  const selected = await context.select('job')
  const { runtime, config } = selected
  for (const line of [...unusedFlags(config.resolved, 'submit'), ...unusedOnRuntime(config, runtime.name)])
    output.warn(line)
  await requireBroker(selected.runtime)
  await claimRuntime(selected, output)
  const defaultSeconds = runtime.name === 'kubernetes' ? TIMEOUT_WITH_IMAGE_SECONDS : DEFAULT_TIMEOUT_SECONDS
  const options = {
    newCheckpoint: flags.newCheckpoint === true,
    timeoutMs: (flags.timeoutSeconds ?? defaultSeconds) * 1_000,
  }
  if (flags.foreground)
    return forAdministrator(output, false, () => stayInForeground(context, selected, options))
  await forAdministrator(output, flags.json, () => submitInBackground(context, selected, options))
  if (flags.json) output.json({ job: 'running', ui: runtime.sparkUi, driver: await runtime.driver() })
  output.note(`Next     npx cpu-anomaly tail ${config.topics.output}`)
  output.note('         npx cpu-anomaly produce --live (sends the samples of this machine)')
}

/** @throws CliError USAGE for flags that would have no effect together. */
function checkUsage({ dryRun, full, foreground, newCheckpoint, timeoutSeconds, json }: Flags): void {
  if (full && !dryRun)
    throw new CliError('USAGE', '--full works only with --dry-run', {
      hint: 'Add --dry-run, or leave --full out.',
    })
  if (dryRun && (foreground || newCheckpoint || timeoutSeconds !== undefined))
    throw new CliError(
      'USAGE',
      '--dry-run starts nothing, so other flags than --full and --json have no effect',
      {
        hint: 'Leave --foreground, --new-checkpoint and --timeout-seconds out.',
      },
    )
  if (foreground && json)
    throw new CliError('USAGE', '--foreground shows a log, which is not JSON', {
      hint: 'Use --foreground or --json.',
    })
}

/** Prints what would be submitted, and changes nothing. */
async function dryRun({ select, signal, output }: CommandContext, flags: Flags): Promise<void> {
  const { runtime, config: given } = await select('job')
  for (const line of unusedFlags(given.resolved, 'submit')) output.warn(line)
  const config = await withFormat(given, runtime, false, output.note, signal)
  const plan = await planFor(config, runtime, signal)
  for (const line of unusedSettings(config, runtime.name, plan)) output.warn(line)
  const submission = await prepareSubmission(config, runtime, plan)
  const preview = { submission, plan, settings: maskedSettings(config) }
  if (flags.json) return output.json(dryRunJson(preview, flags.full === true))
  for (const line of dryRunLines(preview, flags.full === true)) output.result(line)
}

/** Submits the job. Ctrl-C ends the wait for it, and not a job that has been started. */
async function submitInBackground(
  { output, signal }: CommandContext,
  selected: Selected,
  options: SubmitOptions,
): Promise<void> {
  const { runtime, storage } = selected
  await withFolderLock(storage, signal, async () => {
    const isOthers = isActive(await runtime.driver())
    try {
      await recordGiven(selected)
      await submitJob(selected, options, output, signal)
    } catch (error) {
      if (signal.aborted && !isOthers && isActive(await runtime.driver()))
        output.warn(
          'the job has been started and goes on: `npx cpu-anomaly status` shows it, `npx cpu-anomaly stop` stops it',
        )
      throw error
    }
  })
}

/**
 * Submits the job and shows the driver's log. The job is stopped on Ctrl-C, and when nobody reads standard output or
 * standard error any more, also while it starts.
 */
async function stayInForeground(
  { output, signal: interrupted }: CommandContext,
  selected: Selected,
  options: SubmitOptions,
): Promise<void> {
  const { runtime, storage } = selected
  const signal = untilReaderGone(untilReaderGone(interrupted), stderrReader())
  // The signal has aborted by the time the job is stopped; a second Ctrl-C ends the program.
  const { signal: never } = new AbortController()
  const stop = () => stopJob(selected, output, never)
  const isStarted = await withFolderLock(storage, signal, async () => {
    const isOthers = isActive(await runtime.driver())
    try {
      await recordGiven(selected)
      await submitJob(selected, options, output, signal)
      return true
    } catch (error) {
      if (!signal.aborted || isOthers) throw error
      await stop()
      return false
    }
  })
  if (!isStarted) return
  try {
    output.note("The driver's log; Ctrl-C stops the job:")
    for await (const line of runtime.logs('driver', { follow: true, lines: 0 }, signal))
      output.result(escapeControls(line))
  } finally {
    await withFolderLock(storage, never, stop)
  }
}
