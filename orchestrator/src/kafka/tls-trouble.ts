import type { Remedy } from './error-hints.ts'

/** The PEM files that a client uses, as far as an explanation names them. */
export interface TlsFiles {
  readonly ca?: string | undefined
  readonly cert?: string | undefined
}

export interface Trouble {
  /** Follows the name of the broker and a colon. */
  readonly why: string
  readonly remedy: Remedy
}

const OTHER_NAMES = /^(?:ERR_TLS_CERT_ALTNAME|HOSTNAME_MISMATCH)/
const UNTRUSTED =
  /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|CERT_|ERR_TLS_CERT|INVALID_CA)/
/** What a broker says to the certificate of a client, or to its absence. */
const ABOUT_CLIENT =
  /alert (?:bad certificate|certificate (?:required|unknown|expired|revoked)|unsupported certificate|unknown ca|handshake failure|access denied)/i
/** OpenSSL's words for PEM files that it cannot use: a wrong password, or a key that is not that of the certificate. */
const UNUSABLE = /error:[0-9A-F]+:(?!SSL routines)[^:]*:[^:]*:(.+)$/
const NOT_TLS = /wrong version number|packet length too long|before secure TLS connection|SSL routines/

/** What is wrong with TLS, of an error of Node by its code and message; undefined if it is about something else. */
export function tlsTrouble(code: string, message: string, files: TlsFiles): Trouble | undefined {
  if (OTHER_NAMES.test(code)) return { why: otherNames(message), remedy: 'names' }
  if (code === 'CERT_HAS_EXPIRED') return { why: 'its certificate has expired', remedy: 'expired' }
  if (code === 'CERT_NOT_YET_VALID') return { why: 'its certificate is not valid yet', remedy: 'expired' }
  if (UNTRUSTED.test(code)) return { why: untrusted(message || code, files), remedy: 'certificate' }
  const alert = ABOUT_CLIENT.exec(message)?.[0]
  if (alert && files.cert)
    return {
      why: `it refuses the client certificate KAFKA_SSL_CERT=${files.cert} (${alert})`,
      remedy: 'client-refused',
    }
  if (alert)
    return {
      why: `it requires a client certificate, and KAFKA_SSL_CERT is not set (${alert})`,
      remedy: 'client-required',
    }
  const unusable = UNUSABLE.exec(message)?.[1]
  if (unusable)
    return {
      why: `KAFKA_SSL_CERT, KAFKA_SSL_KEY or KAFKA_SSL_CA cannot be used (${unusable})`,
      remedy: 'pem',
    }
  if (NOT_TLS.test(message)) return { why: 'it does not use TLS on this port', remedy: 'no-tls' }
  return undefined
}

/** The message of Node ends with the names. */
function otherNames(message: string): string {
  const names = /.*altnames: (.+)$/.exec(message)?.[1] ?? /cert's CN: (.+)$/.exec(message)?.[1]
  return `its certificate is for other names${names ? `: ${names}` : ''}`
}

const untrusted = (reason: string, { ca }: TlsFiles): string =>
  ca
    ? `its certificate is not trusted here: no certificate in KAFKA_SSL_CA=${ca} vouches for it (${reason})`
    : `its certificate is not trusted here: KAFKA_SSL_CA is not set, and no authority known to Node.js vouches for it (${reason})`
