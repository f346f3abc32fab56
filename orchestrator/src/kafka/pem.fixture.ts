import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { newFolder } from '../system/folder.fixture.ts'

const openssl = (folder: string, ...args: string[]) => promisify(execFile)('openssl', args, { cwd: folder })

/** Paths of real PEM files: a certificate that signs itself, its key in several forms, and the key of another one. */
export async function pemFiles() {
  const folder = await newFolder()
  const password = 'key secret'
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  await openssl(folder, 'req', '-x509', ...newKey, '-subj', '/CN=me', '-keyout', 'a.key', '-out', 'a.pem')
  await openssl(
    folder,
    'pkcs8',
    '-topk8',
    '-in',
    'a.key',
    '-passout',
    `pass:${password}`,
    '-out',
    'pbes2.key',
  )
  await openssl(folder, 'ec', '-in', 'a.key', '-out', 'sec1.key')
  await openssl(folder, 'genpkey', '-algorithm', 'RSA', '-out', 'other.key')
  await openssl(folder, 'x509', '-in', 'a.pem', '-outform', 'DER', '-out', 'a.der')
  const path = (name: string) => join(folder, name)
  return {
    folder,
    password,
    ca: path('a.pem'),
    cert: path('a.pem'),
    /** PKCS #8, as openssl makes it today. */
    key: path('a.key'),
    /** With a password, as openssl makes it today: Java 17 does not read it. */
    encryptedKey: path('pbes2.key'),
    /** `BEGIN EC PRIVATE KEY`, which Java does not read. */
    sec1Key: path('sec1.key'),
    otherKey: path('other.key'),
    der: path('a.der'),
  }
}
