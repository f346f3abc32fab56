import { CliError } from '../errors.ts'
import { probeBroker } from '../kafka/probe.ts'
import type { Runtime } from '../runtime/runtime.ts'

/** @throws CliError KAFKA_UNREACHABLE when the broker does not answer. */
export async function requireBroker({ kafka }: Runtime): Promise<void> {
  const ready = await probeBroker(kafka, { timeoutMs: 5_000 })
  if (ready.ok) return
  throw new CliError('KAFKA_UNREACHABLE', `no broker answers: ${ready.why}`, {
    hint: 'Start it with `cpu-anomaly up`.',
  })
}
