import type { ContainerInspectInfo } from 'dockerode'
import { describe, expect, it } from 'vitest'
import { container, exited, health } from './info.fixture.ts'
import { exitText, hasFailedForGood, partStatus } from './state.ts'

describe('partStatus', () => {
  it.each<[string, ContainerInspectInfo, object]>([
    ['one that runs', container({}), { state: 'running' }],
    ['one that is healthy', container(health('healthy')), { state: 'running' }],
    ['one that starts', container(health('starting')), { state: 'starting' }],
    [
      'one that is not healthy',
      container(health('unhealthy', 'first', 'a\nrefused\n')),
      { state: 'unhealthy', detail: 'its health check fails: refused' },
    ],
    [
      'one that is not healthy, without a message',
      container(health('unhealthy')),
      { state: 'unhealthy', detail: 'its health check fails' },
    ],
    ['one that exited', exited(), { state: 'stopped', detail: 'exit code 1' }],
    ['one that never ran', exited({ Status: 'created' }), { state: 'stopped', detail: 'never started' }],
    [
      'one that keeps exiting',
      container({ Restarting: true, ExitCode: 137 }),
      { state: 'unhealthy', detail: 'it keeps exiting (exit code 137); Docker restarts it' },
    ],
  ])('describes %s', (_, info, expected) => {
    expect(partStatus('kafka', info, 'localhost:9093')).toEqual({
      part: 'kafka',
      container: 'p-kafka-broker-1',
      address: 'localhost:9093',
      ...expected,
    })
    expect(partStatus('kafka', info, undefined)).not.toHaveProperty('address')
  })
})

describe('exitText', () => {
  it.each([
    [{ ExitCode: 3 }, 'exit code 3'],
    [{ Error: 'no such file', ExitCode: 127 }, 'no such file'],
    [{ OOMKilled: true, ExitCode: 137 }, 'out of memory (its limit is 1024 MB)'],
  ])('of %j: %s', (state, expected) => {
    expect(exitText(exited(state))).toBe(expected)
  })
})

describe('hasFailedForGood', () => {
  const since = Date.parse('2026-01-01T00:00:00Z')
  const StartedAt = '2026-01-01T00:00:05.123456789Z'
  it.each<[string, ContainerInspectInfo, boolean]>([
    ['one that runs', container({ StartedAt }), false],
    ['one that was restarted once', container({ StartedAt }, { RestartCount: 1 }), false],
    ['one that was restarted twice', container({ StartedAt }, { RestartCount: 2 }), true],
    ['one out of memory', exited({ StartedAt, OOMKilled: true }), true],
    ['one that is dead', exited({ StartedAt, Status: 'dead' }), true],
    ['one that failed before', exited({ StartedAt: '2025-12-31T23:59:59Z', OOMKilled: true }), false],
  ])('of %s', (_, info, expected) => {
    expect(hasFailedForGood(info, since)).toBe(expected)
  })
})
