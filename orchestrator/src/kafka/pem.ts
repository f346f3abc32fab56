import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { CliError, errorMessage } from '../errors.ts'
import type { KafkaAccess } from './access.ts'

/** The contents of the PEM files that the settings name, as both Node and Java read them. */
export interface Pem {
  /** The certificates of the authorities to trust, one after the other. */
  readonly ca?: string
  /** The client's certificate, and those between it and its authority. */
  readonly cert?: string
  /** The client's private key: PKCS #8, without a password. */
  readonly key?: string
}

const CERTIFICATES = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]+?-----END [A-Z0-9 ]+-----/g
const PRIVATE_KEY = /-----BEGIN (?:[A-Z0-9]+ )?PRIVATE KEY-----[\s\S]+?-----END [A-Z0-9 ]+-----/

/**
 * Reads the PEM files. Java 17 reads neither keys that are encrypted as openssl does it (PBES2) nor `BEGIN EC PRIVATE
 * KEY`, so the key is decrypted and converted here.
 * @throws CliError CONFIGURATION for a file that cannot be used, or a key of another certificate.
 */
export function readPem({ ca, cert, key, keyPassword }: KafkaAccess['ssl']): Pem {
  const authorities = ca === undefined ? undefined : certificatesIn('KAFKA_SSL_CA', ca)
  const chain = cert === undefined ? undefined : certificatesIn('KAFKA_SSL_CERT', cert)
  const privateKey = key === undefined ? undefined : privateKeyIn(key, keyPassword)
  if (chain && privateKey && !new X509Certificate(chain).checkPrivateKey(privateKey))
    throw unusable('KAFKA_SSL_KEY', key ?? '', 'it is not the key of the certificate in KAFKA_SSL_CERT', {
      hint: "Set KAFKA_SSL_CERT and KAFKA_SSL_KEY to files that belong together; the first certificate must be the client's own.",
    })
  return {
    ...(authorities && { ca: authorities }),
    ...(chain && { cert: chain }),
    ...(privateKey && { key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })) }),
  }
}

function certificatesIn(setting: string, path: string): string {
  const text = textOf(setting, path)
  const blocks = text.match(CERTIFICATES)
  if (!blocks) throw unusable(setting, path, 'it has no "-----BEGIN CERTIFICATE-----"')
  for (const block of blocks)
    try {
      new X509Certificate(block)
    } catch (error) {
      throw unusable(setting, path, `a certificate in it is damaged (${errorMessage(error)})`)
    }
  return `${blocks.join('\n')}\n`
}

function privateKeyIn(path: string, passphrase: string | undefined): KeyObject {
  const setting = 'KAFKA_SSL_KEY'
  const block = textOf(setting, path).match(PRIVATE_KEY)?.[0]
  if (!block) throw unusable(setting, path, 'it has no "-----BEGIN PRIVATE KEY-----"')
  try {
    return createPrivateKey({ key: block, ...(passphrase !== undefined && { passphrase }) })
  } catch (error) {
    const isEncrypted = /BEGIN ENCRYPTED|^Proc-Type:.*ENCRYPTED/m.test(block)
    if (!isEncrypted) throw unusable(setting, path, `the key is damaged (${errorMessage(error)})`)
    const why =
      passphrase === undefined ? 'the key has a password' : 'the key does not open with this password'
    throw unusable(setting, path, why, {
      hint: 'Set KAFKA_SSL_KEY_PASSWORD in .env to the password of the key.',
    })
  }
}

function textOf(setting: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw unusable(setting, path, errorMessage(error), { cause: error })
  }
}

const unusable = (
  setting: string,
  path: string,
  why: string,
  {
    hint = `Set ${setting} to a readable file in PEM format.`,
    cause,
  }: { hint?: string; cause?: unknown } = {},
): CliError => new CliError('CONFIGURATION', `${setting}=${path}: ${why}`, { hint, cause })
