import type { CommandRun } from '../command.ts'
import { untilBrokerAnswers } from '../kafka/client.ts'
import { ensureTopics, formatTopicReport } from '../kafka/topics.ts'
import type { Output } from '../output.ts'
import { withFolderLock } from '../runtime/folder-lock.ts'
import { claimRuntime, type Selected } from '../runtime/select.ts'

interface Flags {
  readonly json?: boolean
}

export const run: CommandRun<Flags> = async ({ output, signal, ...context }, _args, flags) => {
  const selected = await claimRuntime({ output, signal, ...context })
  await withFolderLock(selected.storage, signal, () => bringUp(selected, output, signal))
  const { runtime, storage } = selected
  if (flags.json) {
    output.json({
      runtime: runtime.name,
      kafka: runtime.kafka.servers,
      storage: storage.root,
      parts: await runtime.parts(),
    })
    return
  }
  output.note('')
  output.note(`Kafka    ${runtime.kafka.servers.join(',')}`)
  output.note(`Storage  ${storage.root} (kafka/, checkpoint/, logs/)`)
  output.note('Next     npx cpu-anomaly submit')
}

/** Starts broker and Spark and provisions the topics; returns when both really answer. */
export async function bringUp(
  { runtime, config, why }: Selected,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  output.note(`Runtime: ${runtime.name} (${why})`)
  await runtime.preflight(signal)
  await runtime.start(output, signal)
  await untilBrokerAnswers(runtime.kafka, signal)
  await output.step('Topics', async (step) => {
    const report = await ensureTopics(runtime.kafka, config, signal)
    step.done(`Topics: ${formatTopicReport(report)}`)
  })
}
