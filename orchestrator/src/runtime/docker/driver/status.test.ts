import type { ContainerInspectInfo } from 'dockerode'
import { describe, expect, it } from 'vitest'
import type { SupervisorState } from '../../supervisor-state.ts'
import { containerDriverStatus } from './status.ts'

const recorded = (state: SupervisorState['state'], more: Partial<SupervisorState> = {}): SupervisorState => ({
  state,
  attempt: 2,
  restarts: 1,
  started_at: '2026-01-01T00:00:00Z',
  supervisor_pid: 7,
  driver_pid: 9,
  driver_start: '123',
  exit_code: null,
  reason: null,
  ...more,
})

const container = (
  state: Partial<ContainerInspectInfo['State']>,
  policy = 'on-failure',
): ContainerInspectInfo =>
  ({
    Name: '/p-driver',
    State: { Running: false, Restarting: false, ExitCode: 0, Error: '', ...state },
    HostConfig: { RestartPolicy: { Name: policy } },
  }) as ContainerInspectInfo

describe('containerDriverStatus', () => {
  it.each<[string, SupervisorState | undefined, ContainerInspectInfo, object]>([
    [
      'a job that runs',
      recorded('running'),
      container({ Running: true }),
      { state: 'running', attempt: 2, restarts: 1 },
    ],
    [
      'one that starts, before the supervisor has written its state',
      undefined,
      container({ Running: true }),
      { state: 'starting', attempt: 0 },
    ],
    [
      'one that the supervisor restarts',
      recorded('backing-off'),
      container({ Running: true }),
      { state: 'backing-off' },
    ],
    [
      'one that Docker restarts',
      recorded('running'),
      container({ Running: true, Restarting: true, ExitCode: 137 }),
      { state: 'backing-off', reason: 'Docker restarts it (exit code 137)' },
    ],
    [
      'one that was stopped',
      recorded('stopped', { exit_code: 0 }),
      container({}, 'no'),
      { state: 'stopped', exitCode: 0 },
    ],
    [
      'one that `stop` ended with a signal',
      recorded('stopped'),
      container({ ExitCode: 143 }, 'no'),
      { state: 'stopped' },
    ],
    [
      'one that gave up',
      recorded('gave-up', { reason: 'x' }),
      container({}),
      { state: 'gave-up', reason: 'x' },
    ],
    [
      'one whose engine was shut down',
      recorded('stopped'),
      container({ ExitCode: 143 }),
      { state: 'lost', reason: 'Docker stopped its container' },
    ],
    [
      'one that was killed',
      recorded('running'),
      container({ ExitCode: 137 }),
      { state: 'lost', reason: 'exit code 137' },
    ],
    [
      'one without a recorded state',
      undefined,
      container({ Error: 'no such file' }),
      { state: 'lost', reason: 'no such file' },
    ],
  ])('describes %s', (_, state, info, expected) => {
    const status = containerDriverStatus(state, info)
    expect(status).toMatchObject({ container: 'p-driver', ...expected })
    expect(status).not.toHaveProperty('pid')
  })
})
