import type { KafkaSasl } from '../../config/config.ts'
import { brokerJaas } from '../../kafka/jaas.ts'
import { unicodeEscape } from '../../system/unicode.ts'

interface BrokerPorts {
  readonly port: number
  readonly controllerPort: number
}

export interface BrokerOptions extends BrokerPorts {
  readonly dataDir: string
  /** The login that clients need; undefined if the user configured none for the stack's own broker. */
  readonly sasl: KafkaSasl | undefined
}

/** The broker's `server.properties`: the common part, then the part of this folder. */
export function brokerProperties(common: string, options: BrokerOptions): string {
  const { port, controllerPort, dataDir, sasl } = options
  const protocol = sasl ? 'SASL_PLAINTEXT' : 'PLAINTEXT'
  const properties: Record<string, string> = {
    listeners: `CLIENT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `CLIENT://127.0.0.1:${port}`,
    'listener.security.protocol.map': `CLIENT:${protocol},CONTROLLER:PLAINTEXT`,
    'inter.broker.listener.name': 'CLIENT',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    'log.dirs': dataDir,
    ...(sasl ? saslProperties(sasl) : {}),
  }
  const lines = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(value)}`)
  return `${common.trimEnd()}\n\n${lines.join('\n')}\n`
}

function saslProperties(sasl: KafkaSasl): Record<string, string> {
  return {
    'sasl.enabled.mechanisms': 'PLAIN',
    'sasl.mechanism.inter.broker.protocol': 'PLAIN',
    'listener.name.client.plain.sasl.jaas.config': brokerJaas(sasl),
  }
}

/** Escapes a value so that java.util.Properties reads it back unchanged. */
export function escapeProperty(value: string): string {
  return value
    .replace(/\\/g, '\\\\')
    .replace(/\n/g, '\\n')
    .replace(/\r/g, '\\r')
    .replace(/^ /, '\\ ')
    .replace(/[^\x20-\x7e]/g, unicodeEscape)
}
