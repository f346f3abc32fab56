import type { CommandContext, CommandRun } from '../cli/command.ts'
import { clearLeftovers, demoSettings, removePlace, writeSettingsFile } from '../demo/place.ts'
import { summaryTable } from '../demo/summary.ts'
import { Tour, type TourResult } from '../demo/tour.ts'
import { submitJob } from '../query/submit.ts'
import type { Selected } from '../runtime/runtime.ts'
import { takeDown } from '../stack/down.ts'
import { claimRuntime } from '../stack/select.ts'
import { bringUp } from '../stack/up.ts'
import { withFolderLock } from '../storage/folder-lock.ts'

const SUBMIT_TIMEOUT_MS = 180_000

interface Flags {
  readonly keep?: boolean
}

export const run: CommandRun<Flags> = async (context, _args, { keep = false }) => {
  const startedAt = performance.now()
  const { output, signal } = context
  output.note(
    'A tour: Kafka and Spark start, find anomalies in an hour of CPU and in your own, and are gone again.',
  )
  const asked = (await context.config()).resolved.find(({ key }) => key === 'RUNTIME')
  const runtime = asked?.origin === 'default' || !asked ? 'local' : asked.value
  const settings = await demoSettings(runtime)
  const own = context.withSettings(settings)
  await clearLeftovers(own)
  const selected = await own.select()
  await claimRuntime(selected)
  await withFolderLock(selected.storage, signal, async () => {
    let result: TourResult | undefined
    try {
      await bringUp(selected, output, signal)
      const options = { newCheckpoint: false, timeoutMs: SUBMIT_TIMEOUT_MS }
      await submitJob(selected, options, output, signal)
      output.note(`Spark's UI: ${selected.runtime.sparkUi}`)
      result = await new Tour(selected, output, signal).run()
    } finally {
      // Kept only where all went well: what broke, or was interrupted, is not asked to stay.
      if (!keep || !result) await stopAll(own, selected)
    }
    output.note('')
    output.result(summaryTable(result))
    if (keep) await tellHowToGoOn(own, selected, settings)
  })
  if (!keep) await removePlace(selected)
  output.note(
    `The whole tour took ${((performance.now() - startedAt) / 1_000).toFixed(0)} s.${keep ? '' : ' Everything is stopped and removed.'}`,
  )
  if (!keep) output.note('Next     npx cpu-anomaly up')
}

/** Also after Ctrl-C, so not by the command's own signal; a second Ctrl-C ends the program. */
async function stopAll({ output }: CommandContext, selected: Selected): Promise<void> {
  output.note('')
  await takeDown(selected, true, output, new AbortController().signal)
}

async function tellHowToGoOn(
  { output }: CommandContext,
  selected: Selected,
  settings: readonly string[],
): Promise<void> {
  const file = await writeSettingsFile(selected, settings)
  output.note(`Everything still runs. Look at it, and end it, with these settings:`)
  for (const command of ['tail --all', 'status', 'down --volumes'])
    output.note(`  npx cpu-anomaly --env-file ${file} ${command}`)
}
