import { readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { z } from 'zod'

/**
 * Where a process runs. Its pid means nothing in another PID namespace or on another machine, and neither does a port of
 * 127.0.0.1 in another network namespace. Only Linux has the optional fields; elsewhere all processes count as being here.
 */
export const placeSchema = z.object({
  host: z.string(),
  /** Changes with every boot of the machine. */
  boot: z.string().optional(),
  pidNamespace: z.string().optional(),
  netNamespace: z.string().optional(),
})
export type Place = Readonly<z.infer<typeof placeSchema>>

export async function thisPlace(): Promise<Place> {
  const [boot, pidNamespace, netNamespace] = await Promise.all([
    readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => undefined),
    readlink('/proc/self/ns/pid').catch(() => undefined),
    readlink('/proc/self/ns/net').catch(() => undefined),
  ])
  return {
    host: hostname(),
    ...(boot && { boot: boot.trim() }),
    ...(pidNamespace && { pidNamespace }),
    ...(netNamespace && { netNamespace }),
  }
}

/** Says why what runs there cannot be seen from here: `on the host atlas`; undefined if it can be. */
export function elsewhere(there: Place, here: Place): string | undefined {
  if (otherMachine(there, here)) return `on the host ${there.host}`
  if (hasRebooted(there, here)) return undefined // it has ended, wherever it was
  if (differs(there.pidNamespace, here.pidNamespace)) return 'in another PID namespace, such as a container'
  if (differs(there.netNamespace, here.netNamespace))
    return 'in another network namespace, such as a container'
  return undefined
}

/** Says the name of the other machine; undefined if it is this one. */
export const otherMachine = (there: Place, here: Place): string | undefined =>
  differs(there.boot, here.boot) && there.host !== here.host ? there.host : undefined

/** Has this machine started again since? Then nothing that ran there runs any more. */
export const hasRebooted = (there: Place, here: Place): boolean =>
  differs(there.boot, here.boot) && there.host === here.host

const differs = (there: string | undefined, here: string | undefined): boolean =>
  there !== undefined && here !== undefined && there !== here
