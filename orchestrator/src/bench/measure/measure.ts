import type { Output } from '../../terminal/output.ts'
import type { Workspace } from '../driver/workspace.ts'
import { baselineSection } from './baseline.ts'
import type { BenchFormat } from './format-settings.ts'
import { measureFormat } from './formats.ts'
import { latencySection } from './latency-section.ts'
import type { Measurement } from './results.ts'
import { ownDriverScaling, sharedDriverScaling } from './scaling.ts'
import type { BenchSizes, Section } from './sizes.ts'
import { throughputSection } from './throughput.ts'

export interface MeasureOptions {
  readonly sections: ReadonlySet<Section>
  /** Measured beside csv, before the sections. */
  readonly formats: readonly BenchFormat[]
  readonly sizes: BenchSizes
  /** Samples per second at which latency is measured. */
  readonly rate: number
  /** Called with each result as soon as it is measured. */
  readonly onResult: (result: Measurement) => void
}

/** Throughput and a part of scaling share a driver; the rest is measured when it is gone. */
export async function measure(
  workspace: Workspace,
  output: Output,
  { sections, formats, sizes, rate, onResult }: MeasureOptions,
): Promise<void> {
  // Each has a driver of its own, as a job has: its share does not depend on which others are measured.
  for (const format of formats)
    await workspace.withSession({}, async (session) =>
      onResult(await measureFormat({ workspace, session, output }, sizes.formats, format)),
    )
  if (sections.has('throughput') || sections.has('scaling'))
    await workspace.withSession({}, async (session) => {
      const tools = { workspace, session, output }
      if (sections.has('throughput')) await throughputSection(tools, sizes.throughput, onResult)
      if (sections.has('scaling')) await sharedDriverScaling(tools, sizes.scaling, onResult)
    })
  if (sections.has('scaling')) await ownDriverScaling({ workspace, output }, sizes.scaling, onResult)
  if (sections.has('baseline')) await baselineSection(workspace, output, sizes.baseline, onResult)
  if (sections.has('latency')) await latencySection(workspace, output, { ...sizes.latency, rate }, onResult)
}
