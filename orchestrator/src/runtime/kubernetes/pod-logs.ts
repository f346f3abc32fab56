import { setTimeout as delay } from 'node:timers/promises'
import type { LogOptions } from '../../system/follow-file.ts'
import type { KubernetesApi } from './api.ts'
import { ApiRefusal } from './failures.ts'
import { containerOf, newestPod, type Pod } from './pods.ts'

const POLL_MS = 1_000

/** Where the driver's log is. */
export interface LogSource {
  readonly api: KubernetesApi
  readonly namespace: string
  readonly findPods: () => Promise<readonly Pod[]>
}

/** One run of the driver's container. */
interface Run {
  readonly pod: string
  readonly restart: number
  readonly isRunning: boolean
}

/**
 * The log of the driver: that of the container before it too, since the reason of a restart is there. With `follow` it goes
 * on with each container and pod that comes after it.
 */
export async function* podLogs(
  source: LogSource,
  { follow, lines }: LogOptions,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const run = await latestRun(source)
  const tail = { tailLines: String(lines) }
  const before =
    run && run.restart > 0 && lines > 0
      ? await collect(source, run, { ...tail, previous: 'true' }, signal)
      : []
  if (follow) {
    yield* before
    return yield* followRuns(source, tail, signal)
  }
  const now = run && lines > 0 ? await collect(source, run, tail, signal) : []
  yield* [...before, ...now].slice(-lines)
}

async function* followRuns(
  source: LogSource,
  first: Readonly<Record<string, string>>,
  signal: AbortSignal,
): AsyncGenerator<string> {
  let seen: Run | undefined
  let seenMs = Date.now()
  while (!signal.aborted) {
    const run = await latestRun(source)
    const isNew = run?.pod !== seen?.pod || run?.restart !== seen?.restart
    if (run && (isNew || run.isRunning)) {
      // The connection to a running container may be cut: then what it wrote since is read, to the second.
      const since = { sinceSeconds: String(Math.ceil((Date.now() - seenMs) / 1_000)) }
      const from = seen === undefined ? first : isNew ? {} : since
      yield* logLines(source, run, { follow: 'true', ...from }, signal)
      seen = run
      seenMs = Date.now()
    }
    await delay(POLL_MS, undefined, { signal }).catch(() => undefined)
  }
}

async function latestRun({ findPods }: LogSource): Promise<Run | undefined> {
  const pod = newestPod(await findPods())
  const container = pod && containerOf(pod, 'driver')
  if (!container) return undefined
  const { restartCount = 0, state } = container
  return { pod: pod.metadata.name, restart: restartCount, isRunning: state?.running !== undefined }
}

/** None while the container has not started, and once its pod is gone. */
async function* logLines(
  { api, namespace }: LogSource,
  { pod }: Run,
  query: Readonly<Record<string, string>>,
  signal: AbortSignal,
): AsyncGenerator<string> {
  try {
    const path = `/api/v1/namespaces/${namespace}/pods/${pod}/log`
    yield* api.lines(path, { query: { container: 'driver', ...query }, signal })
  } catch (error) {
    if (!(error instanceof ApiRefusal && (error.status === 400 || error.status === 404))) throw error
  }
}

async function collect(
  source: LogSource,
  run: Run,
  query: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<string[]> {
  const all: string[] = []
  for await (const line of logLines(source, run, query, signal)) all.push(line)
  return all
}
