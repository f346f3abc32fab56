import { stopTimeoutMs, submittedFile } from '../query/submitted.ts'
import type { Selected } from '../runtime/places.ts'
import type { StopOutcome } from '../runtime/runtime.ts'
import { SUPERVISOR_MARGIN_MS } from '../runtime/supervisor-args.ts'
import type { Output } from '../terminal/output.ts'
import { formatSeconds } from '../terminal/units.ts'

/** Stops the job: the running batch ends first, or the next `submit` replays it. */
export async function stopJob(
  { runtime, storage }: Pick<Selected, 'runtime' | 'storage'>,
  output: Output,
  signal: AbortSignal,
): Promise<StopOutcome> {
  if (!(await runtime.driver())) return 'not-running'
  const query = await submittedFile(storage, runtime.name).read()
  if (query?.trigger === 'real-time')
    output.note(
      `The job stops when its checkpoint interval ends, within ${formatSeconds(query.checkpointIntervalMs)}. To stop it at once, press Ctrl-C and run \`cpu-anomaly stop\` again; the next submit then replays the interval.`,
    )
  return output.step('Job', async (step) => {
    step.update('stopping; the running batch may end first')
    const outcome = await runtime.stopDriver(stopTimeoutMs(query) + SUPERVISOR_MARGIN_MS, signal)
    step.done(
      {
        stopped: 'Job stopped',
        killed: 'Job killed: it did not stop in time; the next `submit` replays its last batch',
        'not-running': 'Job was no longer running',
      }[outcome],
    )
    return outcome
  })
}

/** Before it is killed: two signals at once may be taken for one. */
const AT_ONCE_MS = 1_000

/** Stops a job of which nothing will be kept, without waiting for the end of its batch. */
export async function stopJobAtOnce(
  { runtime }: Pick<Selected, 'runtime'>,
  output: Output,
  signal: AbortSignal,
): Promise<StopOutcome> {
  if (!(await runtime.driver())) return 'not-running'
  return output.step('Job', async (step) => {
    step.update('stopping')
    const outcome = await runtime.stopDriver(AT_ONCE_MS, signal)
    step.done('Job stopped')
    return outcome
  })
}
