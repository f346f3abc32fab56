import { access, constants } from 'node:fs/promises'
import { dirname } from 'node:path'
import { probeBroker } from '../kafka/probe.ts'
import type { DoctorCheck, Selected } from '../runtime/runtime.ts'
import { checkPort } from '../system/ports.ts'
import { topicChecks } from './topic-checks.ts'

/** The checks that every runtime needs, in addition to its own. */
export function stackChecks(selected: Selected): DoctorCheck[] {
  const { runtime, config, why } = selected
  return [
    { title: 'runtime', run: async () => `${runtime.name} (${why})` },
    {
      title: 'storage',
      run: async () => {
        await access(dirname(config.storageDir), constants.W_OK)
        return config.storageDir
      },
    },
    {
      title: 'Kafka',
      run: async () => {
        const ready = await probeBroker(runtime.kafka, { timeoutMs: 5_000 })
        if (ready.ok) return `answers at ${runtime.kafka.servers.join(',')}`
        return checkPort(config.ports.kafka, 'KAFKA_PORT', `not running (${ready.why}); \`up\` starts it`)
      },
    },
    {
      title: "Spark's UI",
      run: async () =>
        (await runtime.driver())
          ? runtime.sparkUi
          : checkPort(config.ports.sparkUi, 'SPARK_UI_PORT', `port ${config.ports.sparkUi} is free`),
    },
    ...topicChecks(selected),
  ]
}
