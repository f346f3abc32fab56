import type { Admin } from 'kafkajs'
import { CliError } from '../errors.ts'
import { arrived, notYet, WaitTimeout, waitUntil } from '../system/wait.ts'
import type { KafkaAccess } from './access.ts'
import { askCluster } from './ask-cluster.ts'
import { type ClientOptions, withAdmin, withBrokerDeadline } from './client.ts'
import { CLIENT_ID } from './client-config.ts'
import { isCoordinatorStarting, kafkaErrorType } from './errors.ts'

const READY_TIMEOUT_MS = 60_000
const PROBE_TIMEOUT_MS = 5_000

export type BrokerState =
  | { readonly ok: true }
  | { readonly ok: false; readonly why: string; readonly error: CliError }

/**
 * Is the broker ready? It is if it names a controller and, as this stack's own, its group coordinator answers: a broker that
 * is still starting already serves metadata while its coordinator loads. Of a given cluster the tool needs no coordinator.
 * Leaves nothing on the broker.
 * @throws the signal's reason when it aborts.
 */
export async function probeBroker(
  access: KafkaAccess,
  options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<BrokerState> {
  const { timeoutMs, signal } = options
  const limits = {
    connectTimeoutMs: timeoutMs,
    requestTimeoutMs: timeoutMs,
    retries: 0,
    ...(signal ? { signal } : {}),
  }
  try {
    await requireController(access, limits)
    if (access.isOwn)
      await withAdmin(
        access,
        (admin) => withBrokerDeadline(requireCoordinator(admin), access, timeoutMs, signal),
        limits,
      )
    return { ok: true }
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof CliError) return { ok: false, why: error.message, error }
    throw error
  }
}

/** @throws CliError KAFKA_UNREACHABLE when the broker is still starting. */
async function requireController(access: KafkaAccess, limits: ClientOptions): Promise<void> {
  const { controller, brokers } = await askCluster(access, [], limits)
  if (controller === undefined || brokers.length === 0)
    throw new CliError('KAFKA_UNREACHABLE', 'Kafka has no controller yet')
}

/** @throws CliError KAFKA_UNREACHABLE when the broker is still starting. */
async function requireCoordinator(admin: Admin): Promise<void> {
  await admin.describeCluster() // kafkajs asks only brokers that it knows
  try {
    await admin.fetchOffsets({ groupId: `${CLIENT_ID}-probe` })
  } catch (error) {
    if (kafkaErrorType(error) === 'GROUP_AUTHORIZATION_FAILED') return // the coordinator answered
    if (isCoordinatorStarting(error))
      throw new CliError('KAFKA_UNREACHABLE', 'Kafka is up, but its group coordinator is still starting', {
        cause: error,
      })
    throw error
  }
}

/**
 * Waits up to a minute until a starting broker is ready.
 * @throws CliError with the broker's last answer.
 */
export async function waitForBroker(access: KafkaAccess, signal: AbortSignal): Promise<void> {
  let last: CliError | undefined
  try {
    await waitUntil(
      'the broker',
      async () => {
        const state = await probeBroker(access, { timeoutMs: PROBE_TIMEOUT_MS, signal })
        if (state.ok) return arrived(undefined)
        last = state.error
        return notYet(state.why)
      },
      { timeoutMs: READY_TIMEOUT_MS, signal },
    )
  } catch (error) {
    throw error instanceof WaitTimeout && last ? last : error
  }
}
