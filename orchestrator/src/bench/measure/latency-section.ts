import type { TriggerMode } from '../../config/config.ts'
import type { Output } from '../../terminal/output.ts'
import { formatMs } from '../../terminal/units.ts'
import type { Workspace } from '../driver/workspace.ts'
import { measureLatency } from './latency-run.ts'
import type { LatencyResult } from './results.ts'
import type { BenchSizes } from './sizes.ts'

const TRIGGERS: readonly TriggerMode[] = ['micro-batch', 'real-time']

/** Each way of triggering with a driver of its own. */
export async function latencySection(
  workspace: Workspace,
  output: Output,
  sizes: BenchSizes['latency'],
  rate: number,
  found: (result: LatencyResult) => void,
): Promise<void> {
  for (const trigger of TRIGGERS) {
    const title = `Latency, ${trigger}, ${rate} samples/s`
    const result = await output.step(title, async (step) => {
      step.update('the driver starts')
      const measured = await workspace.withSession({ trigger }, (session) =>
        measureLatency(workspace, session, { trigger, rate, ...sizes, update: step.update }),
      )
      const { p50, p99 } = measured.final
      step.done(`${title}: p50 ${formatMs(p50)} ms, p99 ${formatMs(p99)} ms to the final value`)
      return measured
    })
    found(result)
  }
}
