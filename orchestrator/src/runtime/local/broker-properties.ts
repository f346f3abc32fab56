import type { KafkaSasl } from '../../config/config.ts'
import { brokerJaas } from '../../kafka/jaas.ts'
import { propertiesText } from './properties.ts'

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
  return `${common.trimEnd()}\n\n${propertiesText(properties)}`
}

function saslProperties(sasl: KafkaSasl): Record<string, string> {
  return {
    'sasl.enabled.mechanisms': 'PLAIN',
    'sasl.mechanism.inter.broker.protocol': 'PLAIN',
    'listener.name.client.plain.sasl.jaas.config': brokerJaas(sasl),
  }
}
