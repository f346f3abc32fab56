import { describe, expect, it } from 'vitest'
import { driverStatus, type SupervisorState } from './supervisor-state.ts'

const running: SupervisorState = {
  state: 'running',
  attempt: 2,
  restarts: 1,
  started_at: '2026-01-01T00:00:00Z',
  supervisor_pid: 10,
  driver_pid: 11,
  driver_start: '123',
  exit_code: null,
  reason: null,
}

describe('driverStatus', () => {
  it.each([
    ['the supervisor is alive', running, true, true, 'running'],
    ['the supervisor is alive and has written nothing yet', undefined, true, false, 'starting'],
    ['the driver is between two attempts', { ...running, state: 'backing-off' }, true, false, 'backing-off'],
    [
      'the driver has ended, which a full disk keeps from being recorded',
      running,
      true,
      false,
      'backing-off',
    ],
    ['the driver cannot be seen from here', running, true, undefined, 'running'],
    ['the supervisor was killed', running, false, true, 'orphaned'],
    ['both were killed', running, false, false, 'lost'],
    ['it gave up', { ...running, state: 'gave-up' }, false, false, 'gave-up'],
    ['it was stopped', { ...running, state: 'stopped' }, false, false, 'stopped'],
  ] as const)('%s', (_, state, isSupervisorAlive, isDriverAlive, expected) => {
    expect(
      driverStatus(state as SupervisorState | undefined, { isSupervisorAlive, isDriverAlive }).state,
    ).toBe(expected)
  })

  it('says when and why a driver ended', () => {
    const ended = { ...running, state: 'gave-up', since: '2026-01-02T00:00:00Z', reason: 'r' } as const
    const status = driverStatus(ended, { isSupervisorAlive: false, isDriverAlive: false })
    expect(status).toMatchObject({ startedAt: '2026-01-01T00:00:00Z', since: ended.since, reason: 'r' })
  })

  it('names only processes that are alive', () => {
    const status = driverStatus(running, { supervisorPid: 10, isSupervisorAlive: false, isDriverAlive: true })
    expect(status).toMatchObject({ pid: 11, attempt: 2, restarts: 1 })
    expect(status.supervisorPid).toBeUndefined()
  })
})
