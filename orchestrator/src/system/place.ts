import { createHmac } from 'node:crypto'
import { readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { z } from 'zod'

/**
 * Where a process runs. Its pid means nothing in another PID namespace or on another machine, and neither does a port of
 * 127.0.0.1 in another network namespace. Only Linux has the optional fields; elsewhere all processes count as being here.
 */
export const placeSchema = z.object({
  host: z.string(),
  /** Tells machines of one name apart; machine-id(5) asks to hash it where it is stored. */
  machine: z.string().optional(),
  /** Changes with every boot of the machine. */
  boot: z.string().optional(),
  pidNamespace: z.string().optional(),
  netNamespace: z.string().optional(),
})
export type Place = Readonly<z.infer<typeof placeSchema>>

export async function thisPlace(): Promise<Place> {
  const [machine, boot, pidNamespace, netNamespace] = await Promise.all([
    readFile('/etc/machine-id', 'utf8').catch(() => undefined),
    readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => undefined),
    readlink('/proc/self/ns/pid').catch(() => undefined),
    readlink('/proc/self/ns/net').catch(() => undefined),
  ])
  return {
    host: hostname(),
    ...(machine?.trim() && {
      machine: createHmac('sha256', 'cpu-anomaly').update(machine.trim()).digest('hex'),
    }),
    ...(boot && { boot: boot.trim() }),
    ...(pidNamespace && { pidNamespace }),
    ...(netNamespace && { netNamespace }),
  }
}

/** Says why what runs there cannot be seen from here: `on the host atlas`; undefined if it can be. */
export function elsewhere(there: Place, here: Place): string | undefined {
  const machine = otherMachine(there, here)
  if (machine !== undefined) return machine
  if (hasRebooted(there, here)) return undefined // it has ended, wherever it was
  if (differs(there.pidNamespace, here.pidNamespace)) return 'in another PID namespace, such as a container'
  if (differs(there.netNamespace, here.netNamespace))
    return 'in another network namespace, such as a container'
  return undefined
}

/** Says which other machine that is: `on the host atlas`; undefined if it is this one. */
export function otherMachine(there: Place, here: Place): string | undefined {
  if (!differs(there.boot, here.boot) || isSameMachine(there, here)) return undefined
  return `on ${there.host === here.host ? 'another machine with the name' : 'the host'} ${there.host}`
}

/** Has this machine started again since? Then nothing that ran there runs any more. */
export const hasRebooted = (there: Place, here: Place): boolean =>
  differs(there.boot, here.boot) && isSameMachine(there, here)

/** A name alone does not tell: many machines are called `ubuntu` or `localhost`. Nor does an id: images contain one. */
const isSameMachine = (there: Place, here: Place): boolean =>
  there.host === here.host && !differs(there.machine, here.machine)

const differs = (there: string | undefined, here: string | undefined): boolean =>
  there !== undefined && here !== undefined && there !== here
