import type { CommandRun } from '../command.ts'
import { untilBrokerAnswers } from '../kafka/client.ts'
import { ensureTopics, formatTopicReport } from '../kafka/topics.ts'
import type { Output } from '../output.ts'
import { withFolderLock } from '../runtime/folder-lock.ts'
import { claimRuntime, type Selected } from '../runtime/select.ts'

interface Flags {
  readonly json?: boolean
  readonly workers?: number
}

export const run: CommandRun<Flags> = async (given, _args, flags) => {
  const context = flags.workers ? given.withSettings([`SPARK_WORKERS=${flags.workers}`]) : given
  const { output, signal } = context
  const selected = await claimRuntime(context)
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
  output.note(`Kafka       ${runtime.kafka.servers.join(',')}`)
  output.note(`Checkpoint  ${runtime.checkpoint.location}`)
  output.note('Logs        npx cpu-anomaly logs kafka')
  output.note('Next        npx cpu-anomaly submit')
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
