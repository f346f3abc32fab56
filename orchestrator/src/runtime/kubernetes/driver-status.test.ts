import { describe, expect, it } from 'vitest'
import { type Deployment, podDriverStatus } from './driver-status.ts'
import type { ContainerState, Pod } from './pods.ts'

const ONE: Deployment = { metadata: {}, spec: { replicas: 1 } }
const NONE: Deployment = { metadata: {}, spec: { replicas: 0 } }

const pod = (
  state: ContainerState | undefined,
  more: { ready?: boolean; restartCount?: number; lastState?: ContainerState } = {},
  status: Pod['status'] = {},
): Pod => ({
  metadata: { name: 'driver-1', creationTimestamp: '2026-01-01T00:00:00Z' },
  status: { ...status, ...(state && { containerStatuses: [{ name: 'driver', state, ...more }] }) },
})

const ended = (exitCode: number, reason = 'Error') => ({
  terminated: { exitCode, reason, finishedAt: '2026-01-01T00:01:00Z' },
})
const waiting = (reason: string, message?: string) => ({ waiting: { reason, ...(message && { message }) } })

describe('the state of a driver in a pod', () => {
  it.each([
    ['runs once its pod is ready', pod({ running: {} }, { ready: true }), 'running', undefined],
    ['is starting before that', pod({ running: {} }, { ready: false }), 'starting', undefined],
    [
      'is starting while its image is fetched',
      pod(waiting('ContainerCreating')),
      'starting',
      'ContainerCreating',
    ],
    [
      'says why no node takes it',
      pod(
        undefined,
        {},
        {
          conditions: [
            {
              type: 'PodScheduled',
              status: 'False',
              reason: 'Unschedulable',
              message: '0/1 nodes: Insufficient cpu.',
            },
          ],
        },
      ),
      'starting',
      'Unschedulable: 0/1 nodes: Insufficient cpu.',
    ],
    [
      'says which image cannot be fetched',
      pod(waiting('ImagePullBackOff', 'Back-off pulling image "x"')),
      'failed',
      'ImagePullBackOff: Back-off pulling image "x"; Kubernetes tries again, but something has to be corrected',
    ],
    [
      'is backing off from an image that may be there in a moment',
      pod(waiting('ErrImagePull', 'timeout')),
      'backing-off',
      'ErrImagePull: timeout',
    ],
    [
      'is restarted after a crash, later each time',
      pod(waiting('CrashLoopBackOff'), { restartCount: 3, lastState: ended(7) }),
      'backing-off',
      'the driver ended with exit code 7; Kubernetes starts it again (CrashLoopBackOff)',
    ],
    [
      'says that it used more memory than it may',
      pod(waiting('CrashLoopBackOff'), { lastState: ended(137, 'OOMKilled') }),
      'backing-off',
      'the driver ended with exit code 137 (OOMKilled); Kubernetes starts it again (CrashLoopBackOff)',
    ],
    [
      'has failed for good after a configuration error, although Kubernetes goes on',
      pod(ended(2)),
      'failed',
      'the driver ended with exit code 2: configuration error; Kubernetes starts it again',
    ],
    [
      'says that its node has put it out',
      pod(undefined, {}, { phase: 'Failed', reason: 'Evicted', message: 'disk' }),
      'backing-off',
      'Evicted: disk',
    ],
  ] as const)('%s', (_, one, state, reason) => {
    expect(podDriverStatus(ONE, [one])).toMatchObject({ state, pod: 'driver-1', ...(reason && { reason }) })
  })

  it('has the exit code of the last end, and counts restarts', () => {
    const status = podDriverStatus(ONE, [
      pod(waiting('CrashLoopBackOff'), { restartCount: 2, lastState: ended(3) }),
    ])
    expect(status).toMatchObject({ exitCode: 3, restarts: 2, attempt: 3, since: '2026-01-01T00:01:00Z' })
  })

  it('is that of the newest pod that is not being deleted', () => {
    const old = { ...pod({ running: {} }, { ready: true }) }
    const leaving = {
      ...old,
      metadata: { ...old.metadata, name: 'old', deletionTimestamp: '2026-01-01T00:00:09Z' },
    }
    expect(podDriverStatus(ONE, [leaving, pod({ running: {} })])).toMatchObject({
      pod: 'driver-1',
      state: 'starting',
    })
    expect(podDriverStatus(NONE, [leaving])).toMatchObject({
      pod: 'old',
      state: 'running',
      reason: 'its pod is being deleted',
    })
  })

  it('is none without a Deployment, and once it is scaled to 0', () => {
    expect(podDriverStatus(undefined, [])).toBeUndefined()
    expect(podDriverStatus(NONE, [])).toBeUndefined()
  })

  it('says why no pod is made', () => {
    const message = 'pods "x-" is forbidden: exceeded quota'
    const conditions = [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }]
    expect(podDriverStatus({ ...ONE, status: { conditions } }, [])).toMatchObject({
      state: 'backing-off',
      reason: `FailedCreate: ${message}`,
    })
    expect(podDriverStatus(ONE, [])).toMatchObject({ state: 'starting', startedAt: '' })
  })
})
