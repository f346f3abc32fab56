import type { KafkaAccess } from './access.ts'
import { clientJaas } from './jaas.ts'
import { readPem } from './pem.ts'

/** The properties of Kafka's Java clients that anybody may see. */
export function javaClientOptions({ securityProtocol, sasl }: KafkaAccess): Record<string, string> {
  return {
    'security.protocol': securityProtocol,
    ...(sasl && { 'sasl.mechanism': sasl.mechanism }),
  }
}

/** Has a client of this access anything that `javaClientSecrets` would give it? */
export const hasJavaClientSecrets = ({ securityProtocol, sasl, ssl }: KafkaAccess): boolean =>
  sasl !== undefined || (usesTls(securityProtocol) && Boolean(ssl.ca ?? ssl.cert ?? ssl.key))

/**
 * The properties that hold the login and the contents of the PEM files. Contents, not paths: executors do not share this
 * machine's files.
 * @throws CliError CONFIGURATION for a PEM file that cannot be used.
 */
export function javaClientSecrets({ securityProtocol, sasl, ssl }: KafkaAccess): Record<string, string> {
  const { ca, cert, key } = usesTls(securityProtocol) ? readPem(ssl) : {}
  return {
    ...(sasl && { 'sasl.jaas.config': clientJaas(sasl) }),
    ...(ca && { 'ssl.truststore.type': 'PEM', 'ssl.truststore.certificates': ca }),
    ...(cert && { 'ssl.keystore.certificate.chain': cert }),
    ...(key && { 'ssl.keystore.type': 'PEM', 'ssl.keystore.key': key }),
  }
}

const usesTls = (protocol: KafkaAccess['securityProtocol']): boolean => protocol.endsWith('SSL')
