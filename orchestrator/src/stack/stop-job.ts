import { seconds } from '../query/ready.ts'
import { stopTimeoutMs, submittedFile } from '../query/submitted.ts'
import type { Selected, StopOutcome } from '../runtime/runtime.ts'
import type { Output } from '../terminal/output.ts'

/** The supervisor is to end first: it kills a driver that does not stop in its own time. */
const SUPERVISOR_MARGIN_MS = 30_000

/** Stops the job: the running batch ends, or is replayed by the next `submit`. */
export async function stopJob(
  { runtime, storage }: Pick<Selected, 'runtime' | 'storage'>,
  output: Output,
  signal: AbortSignal,
): Promise<StopOutcome> {
  if (!(await runtime.driver())) return 'not-running'
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
