/** The stack's own broker by its name in the compose file: not one of the user's hosts. */
const COMPOSE_BROKER = 'kafka-broker:9092'

/** Those of KAFKA_SERVERS that are not this stack's own broker. */
export function givenServers(servers: readonly string[], ownPort: number): string[] {
  const own = new Set([COMPOSE_BROKER, `localhost:${ownPort}`, `127.0.0.1:${ownPort}`])
  return servers.filter((server) => !own.has(server))
}

const LOOPBACK = /^(localhost|127\.[\d.]+|\[::1\]):\d+$/i

/** Does this address mean the machine of whoever uses it? */
export const isLoopback = (server: string): boolean => LOOPBACK.test(server)
