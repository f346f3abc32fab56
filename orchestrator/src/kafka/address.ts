export interface Address {
  readonly host: string
  readonly port: number
}

/** Of `host:port`; an address of IPv6 is in brackets. */
export function addressOf(server: string): Address {
  const colon = server.lastIndexOf(':')
  return { host: server.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(server.slice(colon + 1)) }
}
