import type { CommandRun } from '../command.ts'
import type { Output } from '../output.ts'
import { withFolderLock } from '../runtime/folder-lock.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { selectStarted } from '../runtime/select.ts'

/** Longer than the supervisor gives the driver before it kills it. */
const STOP_DEADLINE_MS = 60_000

interface Flags {
  readonly json?: boolean
}

export const run: CommandRun<Flags> = async (context, _args, flags) => {
  const { output, signal } = context
  const selected = await selectStarted(context)
  const outcome = selected
    ? await withFolderLock(selected.storage, signal, () => stopJob(selected.runtime, output, signal))
    : 'not-running'
  if (flags.json) output.json({ job: outcome })
  else if (outcome === 'not-running') output.note('No job is running in this folder.')
}

/** Stops the job: the running micro-batch ends, or is replayed by the next `submit`. */
export async function stopJob(runtime: Runtime, output: Output, signal: AbortSignal) {
  if (!(await runtime.driver())) return 'not-running' as const
  return output.step('Job', async (step) => {
    step.update('stopping; the running micro-batch may end first')
    const outcome = await runtime.stopDriver(STOP_DEADLINE_MS, signal)
    step.done(
      {
        stopped: 'Job stopped',
        killed: 'Job killed: it did not stop in time; the next `submit` replays its last micro-batch',
        'not-running': 'Job was not running any more',
      }[outcome],
    )
    return outcome
  })
}
