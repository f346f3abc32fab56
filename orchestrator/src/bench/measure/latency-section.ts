import type { TriggerMode } from '../../config/config.ts'
import type { Output } from '../../terminal/output.ts'
import { formatMs } from '../../terminal/units.ts'
import type { Workspace } from '../driver/workspace.ts'
import { measureLatency } from './latency-run.ts'
import type { LatencyResult } from './results.ts'
import type { BenchSizes } from './sizes.ts'

const TRIGGERS: readonly TriggerMode[] = ['micro-batch', 'real-time']

/** Measures the latency of each trigger mode with a new driver. */
export async function latencySection(
  workspace: Workspace,
  output: Output,
  load: BenchSizes['latency'] & { readonly rate: number },
  onResult: (result: LatencyResult) => void,
): Promise<void> {
  for (const trigger of TRIGGERS) {
    const title = `Latency, ${trigger}, ${load.rate} samples/s`
    const result = await output.step(title, async (step) => {
      step.update('starting the driver')
      const latency = await workspace.withSession({ trigger }, (session) =>
        measureLatency(workspace, session, { trigger, ...load, update: step.update }),
      )
      const { p50, p99 } = latency.final
      step.done(`${title}: p50 ${formatMs(p50)} ms, p99 ${formatMs(p99)} ms to the final value`)
      return latency
    })
    onResult(result)
  }
}
