import { z } from 'zod'
import { CliError, errorMessage } from '../../errors.ts'
import { connectOnce } from '../../system/connect.ts'

const ANSWER_MS = 5_000

/** What a master tells of its cluster at `/json/`. */
const clusterSchema = z.object({
  status: z.string(),
  cores: z.number(),
  coresused: z.number(),
  workers: z.array(z.object({ host: z.string(), port: z.number(), cores: z.number(), state: z.string() })),
})
export type Cluster = Readonly<z.infer<typeof clusterSchema>>

interface MasterAddress {
  readonly host: string
  readonly port: number
}

/** The masters that a URL names: several, of which one leads, if the cluster has a standby. */
const mastersOf = (url: string): MasterAddress[] =>
  url
    .replace('spark://', '')
    .split(',')
    .map((address) => {
      const split = address.lastIndexOf(':')
      return { host: address.slice(0, split), port: Number(address.slice(split + 1)) }
    })

/** What the leading master says of its cluster; undefined if no UI of a master answers. */
export async function readCluster(url: string, uiPort: number): Promise<Cluster | undefined> {
  const answers = await Promise.all(mastersOf(url).map(({ host }) => readMaster(host, uiPort)))
  return answers.find((cluster) => cluster?.status === 'ALIVE') ?? answers.find(Boolean)
}

async function readMaster(host: string, uiPort: number): Promise<Cluster | undefined> {
  try {
    const response = await fetch(`http://${host}:${uiPort}/json/`, { signal: AbortSignal.timeout(ANSWER_MS) })
    return clusterSchema.safeParse(await response.json()).data
  } catch {
    return undefined
  }
}

/**
 * The address of this machine from which a master is reached: its workers reach this machine there too, unless something
 * between them translates addresses.
 * @throws CliError CLUSTER_UNREACHABLE when no master accepts a connection.
 */
export async function addressTowards(url: string, signal?: AbortSignal): Promise<string> {
  const failures: string[] = []
  for (const master of mastersOf(url))
    try {
      return await localAddress(master, signal)
    } catch (error) {
      signal?.throwIfAborted()
      failures.push(errorMessage(error))
    }
  throw new CliError('CLUSTER_UNREACHABLE', `no Spark master answers at ${url}: ${failures.join('; ')}`, {
    hint: 'Correct SPARK_MASTER in .env, or have the master started, and the way to its port opened.',
  })
}

function localAddress(master: MasterAddress, signal: AbortSignal | undefined): Promise<string> {
  const late = () => new Error(`no answer from ${master.host}:${master.port} within ${ANSWER_MS / 1_000} s`)
  return connectOnce(master, { timeoutMs: ANSWER_MS, signal, late })
}
