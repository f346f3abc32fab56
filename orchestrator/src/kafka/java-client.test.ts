import { describe, expect, it } from 'vitest'
import type { KafkaAccess } from './access.ts'
import { hasJavaClientSecrets, javaClientOptions, javaClientSecrets } from './java-client.ts'
import { pemFiles } from './pem.fixture.ts'

const open: KafkaAccess = { servers: ['a:1'], securityProtocol: 'PLAINTEXT', sasl: undefined, ssl: {} }
const sasl = { mechanism: 'PLAIN', username: 'me', password: 'hu"sh\\;' } as const

describe('the login of a Java client', () => {
  it.each([
    ['PLAIN', 'plain.PlainLoginModule'],
    ['SCRAM-SHA-256', 'scram.ScramLoginModule'],
    ['SCRAM-SHA-512', 'scram.ScramLoginModule'],
  ] as const)('with %s names its module, and only the secret part has the password', (mechanism, module) => {
    const access: KafkaAccess = { ...open, securityProtocol: 'SASL_PLAINTEXT', sasl: { ...sasl, mechanism } }
    expect(javaClientSecrets(access)).toEqual({
      'sasl.jaas.config': `org.apache.kafka.common.security.${module} required username="me" password="hu\\"sh\\\\;";`,
    })
    expect(javaClientOptions(access)).toEqual({
      'security.protocol': 'SASL_PLAINTEXT',
      'sasl.mechanism': mechanism,
    })
    expect(hasJavaClientSecrets(access)).toBe(true)
  })
})

describe('the PEM files of a Java client', () => {
  it('are handed over as their contents, the key without its password', async () => {
    const { ca, cert, encryptedKey, password } = await pemFiles()
    const ssl = { ca, cert, key: encryptedKey, keyPassword: password }
    const secrets = javaClientSecrets({ ...open, securityProtocol: 'SSL', ssl })
    expect(secrets).toEqual({
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.certificates': expect.stringMatching(/^-----BEGIN CERTIFICATE-----\n/),
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.certificate.chain': expect.stringMatching(/^-----BEGIN CERTIFICATE-----\n/),
      'ssl.keystore.key': expect.stringMatching(/^-----BEGIN PRIVATE KEY-----\n/),
    })
    expect(JSON.stringify(secrets)).not.toContain(password)
  })

  it.each([
    ['PLAINTEXT', { ca: '/c' }, false],
    ['SSL', {}, false],
    ['SSL', { ca: '/c' }, true],
    ['SSL', { cert: '/c', key: '/k' }, true],
  ] as const)('are secrets only where they are used: %s %j', (securityProtocol, ssl, expected) => {
    expect(hasJavaClientSecrets({ ...open, securityProtocol, ssl })).toBe(expected)
  })
})
