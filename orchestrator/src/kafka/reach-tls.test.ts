import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { KafkaAccess } from './access.ts'
import { ENOUGH, examine, plain, serverOf } from './reach.fixture.ts'

describe.skipIf(!hasOpenssl())('TLS (certificates are made with openssl)', () => {
  let folder: string
  const at = (name: string) => join(folder, name)
  const pair = (name: string) => ({
    cert: readFileSync(at(`${name}.pem`)),
    key: readFileSync(at(`${name}.key`)),
  })
  const tlsOf = (server: string, ssl: KafkaAccess['ssl'] = { ca: at('ca.pem') }): KafkaAccess => ({
    ...plain(server),
    securityProtocol: 'SSL',
    ssl,
  })

  afterAll(() => rm(folder, { recursive: true, force: true }))
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cpu-anomaly-test-'))
    const openssl = (...args: readonly string[]) =>
      execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout']
    openssl('req', '-x509', ...key, 'ca.key', '-out', 'ca.pem', '-subj', '/CN=test CA', '-days', '30')
    writeFileSync(at('index'), '')
    writeFileSync(
      at('ca.cnf'),
      '[ca]\ndefault_ca=c\n[c]\ndatabase=index\nnew_certs_dir=.\npolicy=p\ndefault_md=sha256\nrand_serial=yes\nunique_subject=no\ncopy_extensions=copy\n[p]\ncommonName=supplied\n',
    )
    const sign = (name: string, host: string, end: string) => {
      openssl(
        'req',
        '-new',
        ...key,
        `${name}.key`,
        '-out',
        `${name}.csr`,
        '-subj',
        '/CN=broker',
        '-addext',
        `subjectAltName=DNS:${host}`,
      )
      openssl(
        'ca',
        '-config',
        'ca.cnf',
        '-batch',
        '-notext',
        '-in',
        `${name}.csr`,
        '-out',
        `${name}.pem`,
        '-cert',
        'ca.pem',
        '-keyfile',
        'ca.key',
        '-startdate',
        '20200101000000Z',
        '-enddate',
        end,
      )
    }
    sign('good', 'localhost', '20990101000000Z')
    sign('other', 'kafka.example.com', '20990101000000Z')
    sign('old', 'localhost', '20210101000000Z')
  })

  it('shows certificate, issuer and names', async () => {
    const found = await examine(tlsOf(await serverOf({ tls: pair('good'), topics: ENOUGH })))
    expect(found.TLS).toMatch(/TLSv1\.3, certificate of CN=broker, issued by CN=test CA, expires in \d+ days/)
    expect(found['host names']).toMatch(/is for DNS:localhost$/)
    expect(found.rights).toMatch(/^Read on in/)
  })

  it.each([
    [
      'no authority',
      'good',
      () => ({}),
      'TLS',
      /not trusted here: KAFKA_SSL_CA is not set.*->.*Set KAFKA_SSL_CA/,
    ],
    [
      'another authority',
      'good',
      () => ({ ca: at('old.pem') }),
      'TLS',
      /no certificate in KAFKA_SSL_CA=.*old\.pem vouches for it/,
    ],
    [
      'a certificate that has expired',
      'old',
      () => ({ ca: at('ca.pem') }),
      'TLS',
      /its certificate has expired ->/,
    ],
    [
      'a certificate for other names',
      'other',
      () => ({ ca: at('ca.pem') }),
      'host names',
      /for other names: DNS:kafka\.example\.com -> Use one of these names/,
    ],
    [
      'a key of another certificate',
      'good',
      () => ({ cert: at('good.pem'), key: at('old.key') }),
      'TLS',
      /KAFKA_SSL_KEY=.*old\.key: it is not the key of the certificate/,
    ],
  ] as const)('%s', async (_, name, sslOf, title, expected) => {
    const found = await examine(tlsOf(await serverOf({ tls: pair(name), topics: ENOUGH }), sslOf()))
    expect(found[title]).toMatch(expected)
    expect(found.login).toMatch(/^not checked/)
  })

  it.each([
    ['is missing', {}, /requires a client certificate, and KAFKA_SSL_CERT is not set/],
    [
      'has expired',
      { cert: 'old.pem', key: 'old.key' },
      /refuses the client certificate KAFKA_SSL_CERT=.*old\.pem/,
    ],
  ])('a client certificate that %s', async (_, files: Record<string, string>, expected) => {
    const tls = {
      ...pair('good'),
      ca: readFileSync(at('ca.pem')),
      requestCert: true,
      rejectUnauthorized: true,
    }
    const own = Object.fromEntries(Object.entries(files).map(([option, name]) => [option, at(name)]))
    const found = await examine(tlsOf(await serverOf({ tls }), { ca: at('ca.pem'), ...own }))
    expect(found.TLS).toMatch(expected)
  })

  it('on one side only', async () => {
    const [secure, open] = [await serverOf({ tls: pair('good') }), await serverOf()]
    expect((await examine(plain(secure))).protocol).toMatch(
      /it uses TLS on this port, but KAFKA_SECURITY_PROTOCOL=PLAINTEXT does not/,
    )
    expect((await examine(tlsOf(open))).TLS).toMatch(
      /it does not use TLS on this port, but KAFKA_SECURITY_PROTOCOL=SSL does/,
    )
  })
})

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
