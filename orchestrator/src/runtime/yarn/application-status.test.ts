import { describe, expect, it } from 'vitest'
import type { Application, Attempt } from './application.ts'
import { applicationStatus, lifeOf } from './application-status.ts'

const app = (more: Partial<Application>): Application => ({
  id: 'application_1_7',
  state: 'RUNNING',
  finalStatus: 'UNDEFINED',
  diagnostics: '',
  startedTime: 1_000,
  finishedTime: 0,
  ...more,
})

const attempt = (id: number): Attempt => ({
  id,
  startTime: id * 10_000,
  containerId: `container_1_7_0${id}_1`,
  nodeHttpAddress: 'n:1',
})

const lifeAt = (number: number, ...lines: string[]) => ({
  application: 'application_1_7',
  attempt: number,
  lines,
})

const STARTED = '2026-01-01T00:00:00.000Z started pid=1'
const READY = '2026-01-01T00:00:05.000Z ready batch=3'
const FAILED = '2026-01-01T00:00:09.000Z failed kind=query message="Kafka is \\"away\\"" exit_code=7'
const ENDED = { finishedTime: 60_000 }

describe('the state of a driver in the cluster', () => {
  it.each<[string, Partial<Application>, number[], ReturnType<typeof lifeAt> | undefined, object]>([
    [
      'waits for room in its queue',
      { state: 'ACCEPTED', diagnostics: '[Sat Nov 28] Queue limit\n exceeded. ' },
      [],
      undefined,
      { state: 'starting', attempt: 1, restarts: 0, reason: 'Queue limit exceeded.' },
    ],
    ['starts', {}, [1], lifeAt(1, STARTED), { state: 'starting', startedAt: '1970-01-01T00:00:10.000Z' }],
    [
      'runs once its query does',
      {},
      [1],
      lifeAt(1, STARTED, READY),
      { state: 'running', since: '2026-01-01T00:00:05.000Z' },
    ],
    [
      'starts again, whatever the last one told',
      {},
      [1, 2],
      lifeAt(1, STARTED, READY),
      { state: 'starting', restarts: 1 },
    ],
    [
      'is restarted, with the reason',
      { state: 'ACCEPTED', diagnostics: 'waiting' },
      [1, 2],
      lifeAt(1, STARTED, FAILED),
      { state: 'starting', restarts: 1, reason: 'YARN starts it again after: Kafka is "away"; waiting' },
    ],
    [
      'ends after a failure',
      {},
      [1],
      lifeAt(1, STARTED, FAILED),
      { state: 'backing-off', reason: 'Kafka is "away"' },
    ],
    [
      'has stopped',
      { ...ENDED, state: 'FINISHED', finalStatus: 'SUCCEEDED' },
      [1],
      undefined,
      { state: 'stopped', exitCode: 0, since: '1970-01-01T00:01:00.000Z' },
    ],
    [
      'has failed for good, although YARN tried again',
      {
        ...ENDED,
        state: 'FINISHED',
        finalStatus: 'FAILED',
        diagnostics: 'User application exited with status 2',
      },
      [1, 2],
      undefined,
      { state: 'failed', exitCode: 2, restarts: 1, reason: 'YARN has tried it 2 times: configuration error' },
    ],
    [
      'has failed too often',
      { ...ENDED, state: 'FAILED', finalStatus: 'FAILED', diagnostics: 'failed 2 times due to AM Container' },
      [1, 2],
      undefined,
      { state: 'gave-up', reason: 'YARN has tried it 2 times: failed 2 times due to AM Container' },
    ],
    [
      'was refused by YARN',
      { ...ENDED, state: 'FAILED', finalStatus: 'FAILED', diagnostics: 'unknown queue' },
      [],
      undefined,
      { state: 'failed', reason: 'unknown queue' },
    ],
    [
      'was killed by somebody',
      { ...ENDED, state: 'KILLED', finalStatus: 'KILLED', diagnostics: 'killed by user ann' },
      [1],
      undefined,
      { state: 'lost', reason: 'killed by user ann' },
    ],
  ])('that %s', (_, application, attempts, life, expected) => {
    const status = applicationStatus(app(application), attempts.map(attempt), life)
    expect(status).toMatchObject({ application: 'application_1_7', ...expected })
  })

  it('is not taken from the file of another application, or from half a file', () => {
    const text = JSON.stringify(lifeAt(1, READY))
    expect(lifeOf({ id: 'application_1_7' }, text)).toEqual(lifeAt(1, READY))
    expect(lifeOf({ id: 'application_1_6' }, text)).toBeUndefined()
    expect(lifeOf({ id: 'application_1_7' }, text.slice(0, -1))).toBeUndefined()
    expect(lifeOf({ id: 'application_1_7' }, undefined)).toBeUndefined()
  })
})
