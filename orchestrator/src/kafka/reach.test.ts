import { describe, expect, it } from 'vitest'
import { freePorts } from '../system/ports.ts'
import type { KafkaAccess } from './access.ts'
import { ENOUGH, examine, plain, READ, rights, serverOf, WRITE } from './reach.fixture.ts'

const SASL = { mechanism: 'SCRAM-SHA-512', username: 'ann', password: 'secret' } as const

const withSasl = (access: KafkaAccess): KafkaAccess => ({
  ...access,
  securityProtocol: access.securityProtocol === 'SSL' ? 'SASL_SSL' : 'SASL_PLAINTEXT',
  sasl: SASL,
})
it('names what each step has found at each server', async () => {
  const [a, b] = [await serverOf(), await serverOf()]
  const found = await examine(plain(a, b))
  expect(found).toMatchObject({
    addresses: expect.stringMatching(/^each of the 2 servers: resolves to .*(127\.0\.0\.1|::1)/),
    ports: expect.stringMatching(/accepts connections \(in \d+, \d+ ms\)$/),
    protocol: expect.stringContaining('answers without TLS'),
    login: 'each of the 2 servers: asks for no login',
    topics: 'in (1 partition), out (1 partition), dead (1 partition)',
    rights: 'Read on in; Write on out; Write on dead; not checked: groups, quotas',
  })
  expect(found['all brokers']).toMatch(/can be reached$/)
})

describe('a server that cannot be used', () => {
  it.each([
    [
      'an unknown host',
      async () => plain('no-such-host.invalid:9092'),
      'addresses',
      /no-such-host\.invalid:9092 of KAFKA_SERVERS: no host has this name .*DNS/,
    ],
    [
      'a closed port',
      async () => plain(await closedPort()),
      'ports',
      /nothing listens there .*KAFKA_SERVERS in \.env/,
    ],
    [
      'Kafka that takes a login',
      async () => plain(await serverOf({ mechanisms: ['PLAIN'] })),
      'login',
      /KAFKA_REFUSED .*requires a login \(PLAIN\), but KAFKA_SECURITY_PROTOCOL=PLAINTEXT sends none .*SASL_PLAINTEXT/,
    ],
    [
      'Kafka that takes no login',
      async () => withSasl(plain(await serverOf())),
      'login',
      /KAFKA_REFUSED .*takes no login, but KAFKA_SECURITY_PROTOCOL=SASL_PLAINTEXT sends one/,
    ],
    [
      'Kafka without this mechanism',
      async () => withSasl(plain(await serverOf({ mechanisms: ['PLAIN', 'GSSAPI'] }))),
      'login',
      /KAFKA_REFUSED .*does not offer KAFKA_SASL_MECHANISM=SCRAM-SHA-512; it offers PLAIN, GSSAPI/,
    ],
  ] as const)('%s', async (_, accessOf, title, expected) => {
    const found = await examine(await accessOf())
    expect(found[title]).toMatch(expected)
    expect(Object.values(found).filter((text) => /^[A-Z_]+ /.test(text) && text.includes('->'))).toHaveLength(
      1,
    )
    expect(found.rights).toMatch(/^not checked/)
  })

  it('is given up soon if it does not answer', async () => {
    const startedAt = performance.now()
    const found = await examine(plain(await serverOf({ isSilent: true })))
    expect(found.protocol).toMatch(/it accepts connections, but does not answer/)
    expect(performance.now() - startedAt).toBeLessThan(5_000)
  })

  it('is only worth a warning beside one that can be used', async () => {
    const dead = await closedPort()
    const found = await examine(plain(dead, await serverOf()))
    expect(found.ports).toMatch(
      new RegExp(`\nbeware: no Kafka at ${dead} of KAFKA_SERVERS: nothing listens there`),
    )
    expect(found.rights).toMatch(/^Read on in/)
  })

  it('is named with the others that fail for the same reason', async () => {
    const [a, b] = [await closedPort(), await closedPort()]
    expect((await examine(plain(a, b))).ports).toMatch(new RegExp(`at ${a} .*\\(the same at ${b}\\)`))
  })
})

const closedPort = async () => `localhost:${(await freePorts(1))[0]}`

describe('a cluster that cannot be used', () => {
  it('because it advertises an address that cannot be reached', async () => {
    const [port = 0] = await freePorts(1)
    const found = await examine(
      plain(await serverOf({ advertised: { host: 'localhost', port }, topics: ENOUGH })),
    )
    expect(found['all brokers']).toMatch(
      new RegExp(
        `KAFKA_UNREACHABLE no Kafka at localhost:${port}, which the cluster advertises: nothing listens`,
      ),
    )
  })

  it.each([
    [
      'a topic is missing',
      { ...ENOUGH, out: { error: 3 } },
      'topics',
      /^NO_SUCH_TOPIC .*has no topic out ->/,
    ],
    [
      'a topic cannot be seen',
      { ...ENOUGH, in: { error: 29 } },
      'topics',
      /^KAFKA_REFUSED .*may not see the topic in, if there is one/,
    ],
    [
      'the input cannot be read',
      rights(WRITE, WRITE, WRITE),
      'rights',
      /^KAFKA_REFUSED a client without a login may not read in ->/,
    ],
    [
      'nothing can be written',
      rights(READ, READ, READ),
      'rights',
      /may not write to out, and not write to dead ->(.|\n)*--operation Write .*--topic out\n.*--operation Write .*--topic dead/,
    ],
    [
      'brokers do not say',
      { ...ENOUGH, in: { operations: -(2 ** 31) } },
      'rights',
      /^not checked: these brokers do not say/,
    ],
  ] as const)('because %s', async (_, topics, title, expected) => {
    expect((await examine(plain(await serverOf({ topics }))))[title]).toMatch(expected)
  })
})
