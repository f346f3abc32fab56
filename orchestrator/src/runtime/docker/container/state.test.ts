import type { ContainerInspectInfo } from 'dockerode'
import { describe, expect, it } from 'vitest'
import { CliError } from '../../../errors.ts'
import { findCulprit, upFailure } from '../stack/up-failure.ts'
import { endText, isLost, partStatus } from './state.ts'

type State = Partial<ContainerInspectInfo['State']>

const container = (state: State, more: object = {}): ContainerInspectInfo =>
  ({
    Name: '/p-kafka-broker-1',
    State: { Status: 'running', Running: true, OOMKilled: false, ExitCode: 0, Error: '', ...state },
    HostConfig: { Memory: 2 ** 30 },
    RestartCount: 0,
    ...more,
  }) as ContainerInspectInfo

const ended = (state: State = {}) => container({ Status: 'exited', Running: false, ExitCode: 1, ...state })
const health = (Status: string, ...outputs: string[]) =>
  ({ Health: { Status, FailingStreak: 1, Log: outputs.map((Output) => ({ Output })) } }) as unknown as State

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
      'one that is not healthy and does not say why',
      container(health('unhealthy')),
      { state: 'unhealthy', detail: 'its health check fails' },
    ],
    ['one that ended', ended(), { state: 'stopped', detail: 'exit code 1' }],
    ['one that never ran', ended({ Status: 'created' }), { state: 'stopped', detail: 'never started' }],
    [
      'one that keeps ending',
      container({ Restarting: true, ExitCode: 137 }),
      { state: 'unhealthy', detail: 'it keeps ending (exit code 137); Docker starts it again' },
    ],
  ])('tells %s', (_, info, expected) => {
    expect(partStatus('kafka', info, 'localhost:9093')).toEqual({
      part: 'kafka',
      container: 'p-kafka-broker-1',
      address: 'localhost:9093',
      ...expected,
    })
    expect(partStatus('kafka', info, undefined)).not.toHaveProperty('address')
  })
})

describe('endText', () => {
  it.each([
    [{ ExitCode: 3 }, 'exit code 3'],
    [{ Error: 'no such file', ExitCode: 127 }, 'no such file'],
    [{ OOMKilled: true, ExitCode: 137 }, 'out of memory (its limit is 1024 MB)'],
  ])('of %j: %s', (state, expected) => {
    expect(endText(ended(state))).toBe(expected)
  })
})

describe('isLost', () => {
  const since = Date.parse('2026-01-01T00:00:00Z')
  const StartedAt = '2026-01-01T00:00:05.123456789Z'
  it.each<[string, ContainerInspectInfo, boolean]>([
    ['one that runs', container({ StartedAt }), false],
    ['one that was restarted once', container({ StartedAt }, { RestartCount: 1 }), false],
    ['one that was restarted twice', container({ StartedAt }, { RestartCount: 2 }), true],
    ['one out of memory', ended({ StartedAt, OOMKilled: true }), true],
    ['one that is dead', ended({ StartedAt, Status: 'dead' }), true],
    ['one that failed before', ended({ StartedAt: '2025-12-31T23:59:59Z', OOMKilled: true }), false],
  ])('of %s', (_, info, expected) => {
    expect(isLost(info, since)).toBe(expected)
  })
})

describe('findCulprit', () => {
  const found = (...infos: ContainerInspectInfo[]) => infos.map((info) => ({ info }))
  it.each<[string, ContainerInspectInfo[], number | undefined]>([
    ['all is well', [container({}), container(health('healthy'))], undefined],
    ['one waits for another', [ended({ Status: 'created' }), container(health('starting'))], 1],
    ['one ended', [container(health('unhealthy')), ended()], 1],
    ['one keeps ending', [container(health('starting')), container({ Restarting: true })], 1],
  ])('where %s', (_, infos, index) => {
    expect(findCulprit(found(...infos))?.info).toBe(index === undefined ? undefined : infos[index])
  })
})

describe('upFailure', () => {
  const cause = new CliError('CLUSTER_UNREACHABLE', 'docker failed with exit code 1', {
    details: ['last line'],
  })
  const culprit = (service: string, info: ContainerInspectInfo) => ({
    service,
    info,
    log: ['its last words'],
  })

  it.each<[string, readonly string[], ReturnType<typeof culprit> | undefined, object]>([
    [
      'a full disk',
      ['write: no space left on device'],
      undefined,
      { code: 'STORAGE', hint: /docker system prune/ },
    ],
    [
      'a taken port',
      ['Bind for 127.0.0.1:9093 failed: port is already allocated'],
      undefined,
      { code: 'PORT_TAKEN', hint: /KAFKA_PORT/ },
    ],
    [
      'an unknown image',
      ['manifest unknown'],
      culprit('kafka-broker', ended()),
      { code: 'DOWNLOAD_FAILED', hint: /KAFKA_IMAGE/ },
    ],
    [
      'no network',
      ['Get "https://registry-1.docker.io/v2/": dial tcp'],
      undefined,
      { code: 'DOWNLOAD_FAILED', hint: /network/ },
    ],
    [
      'a worker out of memory',
      [],
      culprit('spark-worker', ended({ OOMKilled: true })),
      {
        message: /spark-worker ran out of memory \(its limit is 1024 MB\)/,
        hint: /SPARK_WORKER_MEMORY.*logs spark/,
        details: ['its last words'],
      },
    ],
    [
      'a broker that ended',
      ['dependency failed'],
      culprit('kafka-broker', ended()),
      { message: /kafka-broker ended while it was starting: exit code 1/, hint: /logs kafka/ },
    ],
    [
      'one that is not healthy',
      [],
      culprit('spark-master', container(health('unhealthy'))),
      { message: /spark-master is not healthy/ },
    ],
    [
      'what compose alone knows',
      ['a', 'b', 'c', 'd', 'e', 'f'],
      undefined,
      { message: /exit code 1/, details: ['b', 'c', 'd', 'e', 'f'] },
    ],
    ['nothing said', [], undefined, { details: ['last line'] }],
  ])('names %s', (_, said, broken, expected) => {
    const error = upFailure(said, broken, cause)
    const patterns = Object.fromEntries(
      Object.entries(expected).map(([key, value]) => [
        key,
        value instanceof RegExp ? expect.stringMatching(value) : value,
      ]),
    )
    expect(error).toMatchObject(patterns)
    expect(error.cause).toBe(cause)
  })
})
