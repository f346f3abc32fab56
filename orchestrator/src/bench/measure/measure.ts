import type { Output } from '../../terminal/output.ts'
import type { Workspace } from '../driver/workspace.ts'
import { latencySection } from './latency-section.ts'
import type { Measured } from './results.ts'
import { scalingSection } from './scaling.ts'
import type { BenchSizes, Section } from './sizes.ts'
import { throughputSection } from './throughput.ts'

/** What loads topics shares one driver; the latency is measured last, when that one is gone. */
export async function measure(
  workspace: Workspace,
  output: Output,
  sections: ReadonlySet<Section>,
  sizes: BenchSizes,
  rate: number,
  found: (result: Measured) => void,
): Promise<void> {
  if (sections.has('throughput') || sections.has('scaling'))
    await workspace.withSession({}, async (session) => {
      const tools = { workspace, session, output }
      if (sections.has('throughput')) await throughputSection(tools, sizes.throughput, found)
      if (sections.has('scaling')) await scalingSection(tools, sizes.scaling, found)
    })
  if (sections.has('latency')) await latencySection(workspace, output, sizes.latency, rate, found)
}
