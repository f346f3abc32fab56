import { createServer, Socket } from 'node:net'
import { CliError } from '../errors.ts'
import { type Command, type RunResult, tryRun } from './run.ts'
import { arrived, notYet, WaitTimeout, waitUntil } from './wait.ts'

const LOOPBACK = '127.0.0.1'

/** Can a server listen on this port of the loopback interface? */
export const isPortFree = (port: number): Promise<boolean> => isAddressFree(LOOPBACK, port)

/** Can a server listen on this port of an address of this machine? */
export function isAddressFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host }, () => server.close(() => resolve(true)))
  })
}

/**
 * Waits until a port that was just released can be listened on again.
 * @throws CliError PORT_TAKEN when another program has it after 10 s.
 */
export async function waitForFreePort(port: number, timeoutMs = 10_000): Promise<void> {
  try {
    await waitUntil(
      `the release of port ${port}`,
      async () => ((await isPortFree(port)) ? arrived(undefined) : notYet('it is still in use')),
      { timeoutMs },
    )
  } catch (error) {
    if (!(error instanceof WaitTimeout)) throw error
    throw new CliError('PORT_TAKEN', `port ${port} was released, but is in use${await holderText(port)}`, {
      hint: 'Run the command again: what it has stopped already stays stopped.',
      cause: error,
    })
  }
}

/** Does anything accept connections on this port of the loopback interface? */
export function isPortOpen(port: number, timeoutMs = 1_000): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = new Socket()
    const settle = (isOpen: boolean) => {
      socket.destroy()
      resolve(isOpen)
    }
    socket.setTimeout(timeoutMs, () => settle(false))
    socket.once('error', () => settle(false))
    socket.connect(port, LOOPBACK, () => settle(true))
  })
}

/** Ports of the loopback interface that nothing listens on right now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createServer()
      return new Promise<typeof server>((resolve, reject) => {
        server.once('error', reject)
        server.listen({ port: 0, host: LOOPBACK }, () => resolve(server))
      })
    }),
  )
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** @throws CliError PORT_TAKEN that names the port, the program that holds it (if visible), and the setting to change. */
export async function requireFreePort(port: number, setting: string, what: string): Promise<void> {
  if (await isPortFree(port)) return
  throw new CliError('PORT_TAKEN', `port ${port} for ${what} is taken${await holderText(port)}`, {
    hint: `Set ${setting} in .env to a free port, or end the program that holds ${port}.`,
  })
}

async function holderText(port: number): Promise<string> {
  const holder = await portHolder(port)
  return holder ? ` by ${holder.name} (pid ${holder.pid})` : ''
}

/** The program that listens on a port, if this user may see it. */
export async function portHolder(
  port: number,
): Promise<{ readonly name: string; readonly pid: number } | undefined> {
  const ss = await quickly(['ss', ['-H', '-l', '-t', '-n', '-p', `sport = :${port}`]])
  const listener = ss?.stdout.match(/\(\("([^"]+)",pid=(\d+)/)
  if (listener?.[1]) return { name: listener[1], pid: Number(listener[2]) }
  const lsof = await quickly(['lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc']])
  const [, pid, name] = lsof?.stdout.match(/p(\d+)\nc(.+)/) ?? []
  return pid && name ? { name, pid: Number(pid) } : undefined
}

/** The name of the holder is worth only a short wait: lsof may hang on a network file system. */
const quickly = (command: Command): Promise<RunResult | undefined> =>
  tryRun(command, { timeoutMs: 3_000 }).catch((error: unknown) => {
    if (error instanceof CliError) return undefined
    throw error
  })

/**
 * A check for `doctor`; returns `whenFree`.
 * @throws CliError PORT_TAKEN when the port is taken.
 */
export async function checkPort(port: number, setting: string, whenFree: string): Promise<string> {
  await requireFreePort(port, setting, setting)
  return whenFree
}
