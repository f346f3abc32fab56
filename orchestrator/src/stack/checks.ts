import { access, constants } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { DoctorCheck, Selected } from '../runtime/runtime.ts'
import { checkPort } from '../system/ports.ts'
import { requireBroker } from './require-broker.ts'
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
        if ((await runtime.runningClusterId()) === undefined)
          return checkPort(config.ports.kafka, 'KAFKA_PORT', 'not running; `up` starts it')
        await requireBroker(runtime)
        return `answers at ${runtime.kafka.servers.join(',')}`
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
