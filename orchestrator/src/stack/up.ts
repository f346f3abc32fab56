import { waitForBroker } from '../kafka/probe.ts'
import { ensureTopics, formatTopicReport } from '../kafka/topics.ts'
import type { Selected } from '../runtime/runtime.ts'
import type { Output } from '../terminal/output.ts'

/** Starts Kafka and Spark and creates the topics; returns once both answer. */
export async function bringUp(
  { runtime, config, why }: Selected,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  output.note(`Runtime: ${runtime.name} (${why})`)
  await runtime.preflight(signal)
  await runtime.start(output, signal)
  await waitForBroker(runtime.kafka, signal)
  await output.step('Topics', async (step) => {
    const report = await ensureTopics(runtime.kafka, config, signal)
    step.done(`Topics: ${formatTopicReport(report)}`)
  })
}
