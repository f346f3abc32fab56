import { createPrivateKey } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { pemFiles } from './pem.fixture.ts'
import { readPem } from './pem.ts'

let files: Awaited<ReturnType<typeof pemFiles>>
beforeEach(async () => {
  files = await pemFiles()
})

describe('a client key', () => {
  it.each(['key', 'encryptedKey', 'sec1Key'] as const)(
    'becomes PKCS #8 without a password: %s',
    async (form) => {
      const { cert, key, password } = files
      const pem = readPem({
        cert,
        key: files[form],
        ...(form === 'encryptedKey' && { keyPassword: password }),
      })
      expect(pem.key).toMatch(/^-----BEGIN PRIVATE KEY-----\n/)
      const original = createPrivateKey(await readFile(key))
      expect(createPrivateKey(pem.key ?? '').equals(original)).toBe(true)
    },
  )

  it('is found beside its certificates in one file', async () => {
    const both = join(files.folder, 'both.pem')
    await writeFile(
      both,
      `${await readFile(files.key, 'utf8')}\n# chain\n${await readFile(files.cert, 'utf8')}`,
    )
    const pem = readPem({ ca: files.ca, cert: both, key: both })
    expect(pem.cert).toBe(pem.ca)
    expect(pem.cert).not.toContain('PRIVATE')
    expect(pem.key).toMatch(/^-----BEGIN PRIVATE KEY-----\n/)
  })
})

describe('a PEM file that cannot be used is named with its setting', () => {
  const refusal = (ssl: Parameters<typeof readPem>[0]) => {
    try {
      readPem(ssl)
    } catch (error) {
      return error
    }
    return expect.fail('nothing was refused')
  }

  it.each([
    ['a missing file', () => ({ ca: '/none.pem' }), /^KAFKA_SSL_CA=\/none\.pem: ENOENT/],
    [
      'one in DER',
      () => ({ ca: files.der }),
      /^KAFKA_SSL_CA=.*a\.der: it has no "-----BEGIN CERTIFICATE-----"$/,
    ],
    ['a key as the certificate', () => ({ cert: files.key }), /^KAFKA_SSL_CERT=.*has no "-----BEGIN CERT/],
    ['a certificate as the key', () => ({ key: files.cert }), /^KAFKA_SSL_KEY=.*has no "-----BEGIN PRIVATE/],
    ['no password', () => ({ key: files.encryptedKey }), /^KAFKA_SSL_KEY=.*: the key has a password$/],
    [
      'a wrong password',
      () => ({ key: files.encryptedKey, keyPassword: 'wrong' }),
      /^KAFKA_SSL_KEY=.*: the key does not open with this password$/,
    ],
    [
      'the key of another certificate',
      () => ({ cert: files.cert, key: files.otherKey }),
      /^KAFKA_SSL_KEY=.*: it is not the key of the certificate in KAFKA_SSL_CERT$/,
    ],
  ])('%s', (_, ssl, message) => {
    expect(refusal(ssl())).toMatchObject({ code: 'CONFIGURATION', message: expect.stringMatching(message) })
  })

  it('a damaged certificate', async () => {
    const damaged = join(files.folder, 'damaged.pem')
    await writeFile(damaged, (await readFile(files.cert, 'utf8')).replace(/\n[A-Za-z0-9]/, '\n!'))
    expect(refusal({ ca: damaged })).toMatchObject({ message: expect.stringContaining('is damaged') })
  })
})
