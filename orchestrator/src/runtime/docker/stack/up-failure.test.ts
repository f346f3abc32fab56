import type { ContainerInspectInfo } from 'dockerode'
import { describe, expect, it } from 'vitest'
import { CliError } from '../../../errors.ts'
import { container, exited, health } from '../container/info.fixture.ts'
import { findFailedContainer, upFailure } from './up-failure.ts'

describe('findFailedContainer', () => {
  const containers = (...infos: ContainerInspectInfo[]) => infos.map((info) => ({ info }))
  it.each<[string, ContainerInspectInfo[], number | undefined]>([
    ['all is well', [container({}), container(health('healthy'))], undefined],
    ['one waits for another', [exited({ Status: 'created' }), container(health('starting'))], 1],
    ['one exited', [container(health('unhealthy')), exited()], 1],
    ['one keeps exiting', [container(health('starting')), container({ Restarting: true })], 1],
  ])('if %s', (_, infos, index) => {
    expect(findFailedContainer(containers(...infos))?.info).toBe(
      index === undefined ? undefined : infos[index],
    )
  })
})

describe('upFailure', () => {
  const cause = new CliError('CLUSTER_UNREACHABLE', 'docker failed with exit code 1', {
    details: ['last line'],
  })
  const failed = (service: string, info: ContainerInspectInfo) => ({
    service,
    info,
    log: ['its last line'],
  })

  it.each<[string, readonly string[], ReturnType<typeof failed> | undefined, object]>([
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
      failed('kafka-broker', exited()),
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
      failed('spark-worker', exited({ OOMKilled: true })),
      {
        message: /spark-worker ran out of memory \(its limit is 1024 MB\)/,
        hint: /SPARK_WORKER_MEMORY.*logs spark/,
        details: ['its last line'],
      },
    ],
    [
      'a broker that exited',
      ['dependency failed'],
      failed('kafka-broker', exited()),
      { message: /kafka-broker exited while it was starting: exit code 1/, hint: /logs kafka/ },
    ],
    [
      'one that is not healthy',
      [],
      failed('spark-master', container(health('unhealthy'))),
      { message: /spark-master is not healthy/ },
    ],
    [
      'the errors that only compose reported',
      ['a', 'b', 'c', 'd', 'e', 'f'],
      undefined,
      { message: /exit code 1/, details: ['b', 'c', 'd', 'e', 'f'] },
    ],
    ['no errors', [], undefined, { details: ['last line'] }],
  ])('names %s', (_, composeErrors, container, expected) => {
    const error = upFailure(composeErrors, container, cause)
    const patterns = Object.fromEntries(
      Object.entries(expected).map(([key, value]) => [
        key,
        value instanceof RegExp ? expect.stringMatching(value) : value,
      ]),
    )
    expect(error).toMatchObject(patterns)
    expect(error.cause).toBe(cause)
  })

  it('names the port that a daemon found taken, and no settings of a broker that is given', () => {
    const master = {
      ...failed('spark-master', exited()),
      log: ['java.net.BindException: Address already in use'],
    }
    expect(upFailure([], master, cause, true)).toMatchObject({
      code: 'PORT_TAKEN',
      hint: 'Set SPARK_MASTER_UI_PORT in .env to a free port.',
    })
    expect(upFailure(['manifest unknown'], undefined, cause, true).hint).toMatch(
      /the image that SPARK_IMAGE names/,
    )
  })

  it.each([
    ['snap', 'invalid mount config for type "bind": bind source path does not exist: /x/y'],
    ['Docker Desktop', 'mounts denied: The path /x/y is not shared from the host'],
    ['Colima', 'mount /x/y: not a directory: unknown: Are you trying to mount a directory onto a file'],
    [
      'an empty folder in its place',
      '/opt/cpu-anomaly/start-kafka.sh: /opt/cpu-anomaly/start-kafka.sh: Is a directory',
    ],
  ])('says that the engine does not see the mounted folder: %s', (_, line) => {
    const container = failed('kafka-broker', exited())
    expect(upFailure([line], container, cause)).toMatchObject({ code: 'STORAGE' })
    expect(upFailure([], { ...container, log: [line] }, cause)).toMatchObject({
      code: 'STORAGE',
      message: expect.stringMatching(/^the Docker engine cannot see .*, which containers mount$/),
      hint: expect.stringMatching(/^Share that folder .* RUNTIME=local\.$/),
    })
  })
})
