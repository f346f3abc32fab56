import type { DriverStatus } from '../runtime.ts'
import {
  type Condition,
  type ContainerStatus,
  containerOf,
  newestPod,
  type Pod,
  type Terminated,
  unschedulable,
  waitingText,
} from './pods.ts'

/** What this tool reads of the job's Deployment. */
export interface Deployment {
  readonly metadata: { readonly creationTimestamp?: string }
  readonly spec?: { readonly replicas?: number }
  readonly status?: { readonly conditions?: readonly Condition[] }
}

type State = DriverStatus['state']

/** A job that is scaled to 0 and whose pod is gone is no job. */
export function podDriverStatus(
  deployment: Deployment | undefined,
  pods: readonly Pod[],
): DriverStatus | undefined {
  const pod = newestPod(pods)
  if (!deployment && !pod) return undefined
  if (!pod) return deployment?.spec?.replicas === 0 ? undefined : withoutPod(deployment)
  const container = containerOf(pod, 'driver')
  const { state, reason, since, ended } = stateOf(pod, container)
  const restarts = container?.restartCount ?? 0
  const startedAt = container?.state?.running?.startedAt ?? pod.metadata.creationTimestamp ?? ''
  return {
    state,
    attempt: restarts + 1,
    restarts,
    startedAt,
    pod: pod.metadata.name,
    ...(since && { since }),
    ...(reason && { reason }),
    ...(ended && { exitCode: ended.exitCode }),
  }
}

/** Why a Deployment makes no pod is a condition of it: a quota, an admission rule, a missing service account. */
function withoutPod(deployment: Deployment | undefined): DriverStatus {
  const refused = deployment?.status?.conditions?.find(
    ({ type, status }) => type === 'ReplicaFailure' && status === 'True',
  )
  return {
    state: refused ? 'backing-off' : 'starting',
    attempt: 1,
    restarts: 0,
    startedAt: '', // nothing has begun to write a log
    reason: refused ? `${refused.reason}: ${refused.message}` : 'its pod is not created yet',
  }
}

interface Judgement {
  readonly state: State
  readonly reason?: string | undefined
  readonly since?: string | undefined
  readonly ended?: Terminated | undefined
}

function stateOf(pod: Pod, container: ContainerStatus | undefined): Judgement {
  const stopping = pod.metadata.deletionTimestamp ? 'its pod is being deleted' : undefined
  const running = container?.state?.running
  if (running) {
    const since = running.startedAt
    return { state: container.ready ? 'running' : 'starting', since, reason: stopping }
  }
  const ended = container?.state?.terminated ?? container?.lastState?.terminated
  if (ended) return { ...afterEnd(ended, container), since: ended.finishedAt, ended }
  const waiting = container && waitingText(container)
  if (waiting && WRONG.test(waiting))
    return {
      state: 'failed',
      reason: `${waiting}; Kubernetes tries again, but something has to be corrected`,
    }
  if (waiting && !/^(?:ContainerCreating|PodInitializing)\b/.test(waiting))
    return { state: 'backing-off', reason: waiting }
  if (pod.status?.phase === 'Failed')
    return {
      state: 'backing-off',
      reason: [pod.status.reason, pod.status.message].filter(Boolean).join(': '),
    }
  return { state: 'starting', reason: unschedulable(pod) ?? waiting ?? stopping }
}

/** Waiting alone helps against none of these. */
const WRONG = /^(?:ImagePullBackOff|ErrImageNeverPull|InvalidImageName|CreateContainerConfigError)\b/

/** As in `supervise.py`: elsewhere the job is not started again after these. */
const FINAL: Readonly<Record<number, string>> = {
  2: 'configuration error',
  3: 'data loss, or a checkpoint that cannot be continued',
  4: 'Kafka refuses the login or a right',
  5: "the checkpoint is another driver's, or was made with other settings",
}

/** Kubernetes starts a driver again however it ended, later each time. */
function afterEnd(ended: Terminated, container: ContainerStatus | undefined): Judgement {
  const waiting = container?.state?.waiting?.reason
  const again = `Kubernetes starts it again${waiting ? ` (${waiting})` : ''}`
  const final = FINAL[ended.exitCode]
  const kubernetes = ended.reason && !/^(?:Error|Completed)$/.test(ended.reason) ? ` (${ended.reason})` : ''
  const what = `the driver ended with exit code ${ended.exitCode}${final ? `: ${final}` : kubernetes}`
  return { state: final ? 'failed' : 'backing-off', reason: `${what}; ${again}` }
}
