import { hostname } from 'node:os'
import type { KafkaConfig } from '../../../config/config.ts'
import { isLoopback } from '../../../config/given-servers.ts'
import { CliError } from '../../../errors.ts'
import { usesHostNetwork } from '../container/network.ts'
import type { Engine } from '../engine/engine.ts'
import type { Stack } from './stack.ts'

/** What `docker info` says of the machine on which the engine runs its containers. */
export interface EngineMachine {
  readonly name: string
  readonly system: string
  readonly isRootless: boolean
}

/**
 * Requires that containers reach a given Kafka by KAFKA_SERVERS, as far as that is known without starting one.
 * @throws CliError CONFIGURATION for servers on this machine's loopback interface that containers cannot reach.
 */
export async function requireReachableKafka(stack: Stack): Promise<void> {
  const { config } = stack.context
  if (!config.kafka.isGiven) return
  requireOneKind(config.kafka)
  if (!usesHostNetwork(config)) return
  const engine = await stack.engine()
  const why = otherNetwork(await machineOf(engine), { name: hostname(), platform: process.platform })
  if (why === undefined) return
  throw new CliError(
    'CONFIGURATION',
    `KAFKA_SERVERS=${config.kafka.servers.join(',')} is on the loopback interface of this machine, which containers of ${engine.endpoint.url} cannot reach: ${why}`,
    {
      hint: 'Name the brokers by an address that containers reach, and let the brokers advertise it; or set RUNTIME=local.',
    },
  )
}

/** @throws CliError CONFIGURATION when some servers are on loopback, and others are not. */
export function requireOneKind({ servers }: Pick<KafkaConfig, 'servers'>): void {
  const here = servers.filter(isLoopback)
  if (here.length === 0 || here.length === servers.length) return
  const others = servers.filter((server) => !isLoopback(server))
  throw new CliError(
    'CONFIGURATION',
    `KAFKA_SERVERS names the loopback interface of this machine (${here.join(', ')}) beside other addresses (${others.join(', ')}): that does not tell which network the containers need`,
    {
      hint: 'Name the brokers of one cluster in one way: all by addresses that other machines reach, or all by 127.0.0.1 or localhost. Or set RUNTIME=local.',
    },
  )
}

async function machineOf({ docker, isPodman }: Engine): Promise<EngineMachine> {
  const { Name, OperatingSystem, SecurityOptions } = (await docker.info()) as {
    Name: string
    OperatingSystem: string
    SecurityOptions?: readonly string[] | null
  }
  // Without root, Docker's own network is one of its own; that of Podman is the machine's.
  const isRootless =
    !isPodman && (SecurityOptions?.some((option) => option.includes('name=rootless')) ?? false)
  return { name: Name, system: OperatingSystem, isRootless }
}

/** Why a container in the network of the engine's machine is not in that of this process; undefined if it is. */
export function otherNetwork(
  engine: EngineMachine,
  here: { readonly name: string; readonly platform: NodeJS.Platform },
): string | undefined {
  if (here.platform !== 'linux') return 'the engine runs in a virtual machine'
  if (/^Docker Desktop/.test(engine.system)) return 'Docker Desktop runs in a virtual machine'
  if (engine.isRootless) return 'rootless Docker has a network of its own'
  return engine.name === here.name
    ? undefined
    : `the engine runs on ${engine.name}, this program on ${here.name}`
}
