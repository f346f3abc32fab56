import type { CommandRun } from '../command.ts'
import type { Output } from '../output.ts'
import { seconds } from '../query/ready.ts'
import { stopTimeoutMs, submittedFile } from '../query/submitted.ts'
import { withFolderLock } from '../runtime/folder-lock.ts'
import { type Selected, selectStarted } from '../runtime/select.ts'

/** The supervisor is to end first: it kills a driver that does not stop in its own time. */
const SUPERVISOR_MARGIN_MS = 30_000

interface Flags {
  readonly json?: boolean
}

export const run: CommandRun<Flags> = async (context, _args, flags) => {
  const { output, signal } = context
  const selected = await selectStarted(context)
  const outcome = selected
    ? await withFolderLock(selected.storage, signal, () => stopJob(selected, output, signal))
    : 'not-running'
  if (flags.json) output.json({ job: outcome })
  else if (outcome === 'not-running') output.note('No job is running in this folder.')
}

/** Stops the job: the running batch ends, or is replayed by the next `submit`. */
export async function stopJob(
  { runtime, storage }: Pick<Selected, 'runtime' | 'storage'>,
  output: Output,
  signal: AbortSignal,
) {
  if (!(await runtime.driver())) return 'not-running' as const
  const query = await submittedFile(storage).read()
  if (query?.trigger === 'real-time')
    output.note(
      `The job stops when its checkpoint interval ends, within ${seconds(query.checkpointIntervalMs)} s. To hurry: Ctrl-C, and \`cpu-anomaly stop\` again; then the next submit replays the interval.`,
    )
  return output.step('Job', async (step) => {
    step.update('stopping; the batch that runs may end first')
    const outcome = await runtime.stopDriver(stopTimeoutMs(query) + SUPERVISOR_MARGIN_MS, signal)
    step.done(
      {
        stopped: 'Job stopped',
        killed: 'Job killed: it did not stop in time; the next `submit` replays its last batch',
        'not-running': 'Job was not running any more',
      }[outcome],
    )
    return outcome
  })
}
