import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { withProducer } from '../src/kafka/producer.ts'
import { badRecords } from './helpers/bad-records.ts'
import { type Client, GivenKafka, hasGivenKafka } from './helpers/given-kafka.ts'
import {
  expectAccounted,
  expectNothingLeft,
  expectOrderly,
  expectWindows,
  lastValues,
} from './helpers/guarantees.ts'
import { countRecords, type RawRecord } from './helpers/kafka.ts'
import { listenersOfUser } from './helpers/listeners.ts'
import { everywhere } from './helpers/modes.ts'
import { expectNoSecret } from './helpers/no-secret.ts'
import { candidates } from './helpers/runtimes.ts'
import {
  goldenFile,
  goldenSamples,
  hasGolden,
  steadySamples,
  toRecord,
  toRecords,
} from './helpers/samples.ts'
import { type RuntimeUnderTest, Stack } from './helpers/stack.ts'

const TITLE = hasGivenKafka ? '' : ' (the cluster is missing here)'

let kafka: GivenKafka | undefined
const cluster = (): GivenKafka => kafka ?? expect.fail('there is no cluster')

/** A folder that uses the given cluster with topics of its own, which do not exist yet. */
async function newStack(runtime: RuntimeUnderTest, client: Client, name: string): Promise<Stack> {
  const topics = { INPUT_TOPIC: `${name}-in`, OUTPUT_TOPIC: `${name}-out`, DEAD_LETTER_TOPIC: `${name}-dead` }
  const settings = {
    ...(await cluster().settings(client)),
    ...topics,
    INPUT_PARTITIONS: '3',
    SPARK_WORKERS: '2',
  }
  return Stack.create(runtime, settings, cluster().internal)
}

/** Sends records to the three partitions in turn by the tool's own producer, which outlasts the loss of a broker. */
async function send({ broker, topics }: Stack, records: readonly RawRecord[]): Promise<void> {
  const access = {
    servers: broker.split(','),
    securityProtocol: 'PLAINTEXT',
    sasl: undefined,
    ssl: {},
  } as const
  const messages = records.map((record, index) => ({ ...record, partition: record.partition ?? index % 3 }))
  await withProducer(access, (producer) => producer.send({ topic: topics.input, acks: -1, messages }))
}

/** The brokers are on loopback, so containers are in this machine's own network, and Docker does not shield their ports. */
async function expectLoopbackOnly(): Promise<void> {
  const listeners = await listenersOfUser(SPARK_UID)
  expect(listeners.length).toBeGreaterThanOrEqual(10) // of a master, two workers, a driver and two executors
  expect(listeners.filter(({ isLoopback }) => !isLoopback)).toEqual([])
}

const SPARK_UID = 185

/** Stands for an address by which a broker is reached although its certificate does not name it. */
const DETOUR = 'detour'

/** A way to the first broker under another address of this machine; it is closed when the test ends. */
async function detourTo(servers = ''): Promise<string> {
  const [host = '', port] = servers.split(',')[0]?.split(':') ?? []
  const server = createServer((socket) => {
    const broker = connect(Number(port), host)
    // Whoever does not trust the certificate hangs up.
    socket.on('error', () => broker.destroy()).pipe(broker)
    broker.on('error', () => socket.destroy()).pipe(socket)
  })
  server.listen(0, '127.0.0.2')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `127.0.0.2:${(server.address() as AddressInfo).port}`
}

describe.skipIf(!hasGivenKafka)(`a Kafka that is already there${TITLE}`, async () => {
  beforeAll(async () => {
    kafka = await GivenKafka.start()
  })
  afterAll(() => kafka?.remove())

  describe.each(await candidates())('with Spark on $title', ({ runtime, available }) => {
    it.skipIf(!available || !hasGolden)(
      'finds the golden case with a login over TLS, once an administrator has done what is printed',
      async () => {
        const stack = await newStack(runtime, 'scram', `golden-${runtime}`)
        await cluster().letUp(stack)
        await cluster().letFeed(stack.topics)
        await stack.ok('submit')
        const feeder = join(cluster().folder, 'env.feeder')
        await stack.ok(
          'produce',
          goldenFile,
          '--settings',
          feeder,
          '--set',
          `INPUT_TOPIC=${stack.topics.input}`,
        )
        const status = await stack.untilRead(10_000)
        if (runtime === 'docker') await expectLoopbackOnly()
        expectWindows(await lastValues(stack), goldenSamples())
        await expectAccounted(stack, status, 10_000)
        await expectOrderly(stack, 'micro-batch', 0, runtime === 'docker' ? 2 : 1)
        // Containers get the login by their API, not by a file of this machine.
        await expectNoSecret(stack, ['tool "secret" #1'], runtime === 'docker' ? { file: '.env' } : {})
        // The job's user may not read what it wrote.
        expect(await stack.cli(['tail', stack.topics.output])).toMatchObject({
          exitCode: 4,
          stderr: expect.stringContaining(`User:anomaly-tool may not read ${stack.topics.output}`),
        })
        await stack.ok('down', '--volumes', '--yes')
        await expectNothingLeft(stack)
        expect(await countRecords(stack.broker, stack.topics.input)).toBe(10_000)
      },
    )

    it.skipIf(!available || (runtime === 'docker' && !everywhere))(
      'loses and duplicates nothing with a client certificate, while a broker, a leader and the driver change',
      async () => {
        const stack = await newStack(runtime, 'mtls-password', `faults-${runtime}`)
        await cluster().letUp(stack)
        await stack.ok('submit')
        const startMs = Math.floor(Date.now() / 1_000) * 1_000 - 600_000
        const samples = steadySamples(startMs, 12_000, 25)
        const bad = badRecords(startMs)
        await send(stack, [
          ...samples.slice(0, 4_000).map(toRecord),
          ...bad.map((record) => ({ ...record, partition: 0 })),
        ])
        await stack.untilRead(4_000 + bad.length)
        await cluster().kill(2)
        await send(stack, toRecords(samples.slice(4_000, 7_000)))
        await stack.killDriver()
        await cluster().revive(2)
        await cluster().lead(stack.topics.input, 0, 2)
        await send(stack, toRecords(samples.slice(7_000)))
        const total = samples.length + bad.length
        const status = await stack.untilRead(total)
        const accepted = bad.flatMap(({ sample }) => (sample ? [sample] : []))
        expect(status.progress).toMatchObject({ late: 0, deadLettered: bad.length - accepted.length })
        expectWindows(await lastValues(stack), [...samples, ...accepted])
        await expectAccounted(stack, status, total)
        await expectOrderly(stack, 'micro-batch', status.driver?.restarts ?? 0, runtime === 'docker' ? 2 : 1)
        if (runtime === 'local') await expectNoSecret(stack, ['key secret', await cluster().keyLine()])
      },
    )
  })

  const wrong: readonly (readonly [string, Readonly<Record<string, string>>, RegExp])[] = [
    ['password', { KAFKA_PASSWORD: 'wrong' }, /refused the login of KAFKA_USERNAME=anomaly-tool/],
    ['user', { KAFKA_USERNAME: 'nobody' }, /refused the login of KAFKA_USERNAME=nobody/],
    ['mechanism', { KAFKA_SASL_MECHANISM: 'PLAIN' }, /does not offer KAFKA_SASL_MECHANISM=PLAIN/],
    [
      'authority',
      { KAFKA_SSL_CA: 'broker.pem' },
      /certificate is not trusted here: no certificate in KAFKA_SSL_CA=/,
    ],
    ['protocol', { KAFKA_SECURITY_PROTOCOL: 'SASL_PLAINTEXT', KAFKA_SSL_CA: '' }, /./],
    ['port', { KAFKA_SERVERS: '127.0.0.1:1' }, /nothing listens there/],
    ['host', { KAFKA_SERVERS: 'no-such-host.invalid:9093' }, /no host has this name/],
    [
      'name in the certificate',
      { KAFKA_SERVERS: DETOUR },
      /its certificate is for other names: .*127\.0\.0\.1/,
    ],
  ]

  it.each(wrong)(
    'says in one sentence that the %s is wrong, before it starts anything',
    async (_, settings, sentence) => {
      const ca = settings.KAFKA_SSL_CA ? { KAFKA_SSL_CA: join(cluster().tls, settings.KAFKA_SSL_CA) } : {}
      const given = await cluster().settings('scram')
      const detour =
        settings.KAFKA_SERVERS === DETOUR ? { KAFKA_SERVERS: await detourTo(given.KAFKA_SERVERS) } : {}
      const all = { ...given, ...settings, ...ca, ...detour }
      const stack = await Stack.create('local', all, cluster().internal)
      for (const command of ['up', 'submit', 'tail', 'doctor']) {
        const { exitCode, stderr, stdout } = await stack.cli([command])
        const errors = stderr.split('\n').filter((line) => line.startsWith('error: '))
        expect({ command, exitCode, errors: errors.length }).toEqual({ command, exitCode: 4, errors: 1 })
        expect(command === 'doctor' ? stdout : errors[0]).toMatch(
          command === 'doctor' ? /✘ Kafka: / : sentence,
        )
      }
      expect(existsSync(join(stack.folder, 'storage', 'run', 'runtime.json'))).toBe(false)
    },
  )
})
