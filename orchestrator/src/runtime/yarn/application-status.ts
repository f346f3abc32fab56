import { z } from 'zod'
import { parseJson } from '../../system/json.ts'
import type { DriverStatus } from '../runtime.ts'
import type { Application, Attempt } from './application.ts'

/** What a driver in the cluster keeps of its life in the checkpoint: `cpu_anomaly/remote.py` writes it. */
export const LIFE_FILE = 'cpu-anomaly-life.json'

const lifeSchema = z.object({ application: z.string(), attempt: z.int(), lines: z.array(z.string()) })
export type Life = Readonly<z.infer<typeof lifeSchema>>

/** Undefined if the file is of another application. */
export function lifeOf({ id }: Pick<Application, 'id'>, text: string | undefined): Life | undefined {
  const { data } = lifeSchema.safeParse(parseJson(text ?? ''))
  return data?.application === id ? data : undefined
}

/** Exit codes of the driver after which no restart helps: see `spark-job/supervise.py`. */
const FINAL: Readonly<Record<number, string>> = {
  2: 'configuration error',
  3: 'data loss, or a checkpoint that cannot be continued',
  4: 'Kafka refuses the login or a right',
}

/** The state of the job's driver: what YARN says of its application, and the driver itself of its life. */
export function applicationStatus(
  application: Application,
  attempts: readonly Attempt[],
  life: Life | undefined,
): DriverStatus {
  const last = attempts.at(-1)
  const attempt = last?.id ?? 1
  const common = {
    attempt,
    restarts: attempt - 1,
    startedAt: isoTime(last?.startTime || application.startedTime),
    application: application.id,
  }
  const own = life?.attempt === attempt ? life : undefined
  switch (application.state) {
    case 'RUNNING':
      return { ...common, ...runningState(own) }
    case 'FINISHED':
    case 'FAILED':
    case 'KILLED':
      return { ...common, since: isoTime(application.finishedTime), ...endState(application, last?.id ?? 0) }
    default:
      return { ...common, state: 'starting', ...reason(waitingFor(application, attempt, life)) }
  }
}

/** YARN calls it running as soon as Spark does; the driver says when its query does. */
function runningState(life: Life | undefined): Pick<DriverStatus, 'state' | 'since' | 'reason'> {
  const ready = lineOf(life, 'ready')
  const failed = failureIn(life)
  if (failed !== undefined) return { state: 'backing-off', ...reason(failed) }
  return ready === undefined ? { state: 'starting' } : { state: 'running', since: ready.split(' ')[0] ?? '' }
}

function endState(
  { finalStatus, diagnostics }: Application,
  attempts: number,
): Pick<DriverStatus, 'state' | 'exitCode' | 'reason'> {
  const why = cleaned(diagnostics)
  if (finalStatus === 'SUCCEEDED') return { state: 'stopped', exitCode: 0 }
  if (finalStatus === 'KILLED') return { state: 'lost', ...reason(why) }
  const code = Number(why.match(/exited with status (\d+)/)?.[1] ?? Number.NaN)
  const exitCode = Number.isNaN(code) ? {} : { exitCode: code }
  const tries = attempts > 1 ? `YARN has tried it ${attempts} times: ` : ''
  if (attempts === 0) return { state: 'failed', ...reason(why) } // YARN has refused it
  return FINAL[code]
    ? { state: 'failed', ...exitCode, ...reason(`${tries}${FINAL[code]}`) }
    : { state: 'gave-up', ...exitCode, ...reason(`${tries}${why || 'YARN does not say why'}`) }
}

/** What an application that has no container yet, or no longer one, waits for. */
function waitingFor({ diagnostics }: Application, attempt: number, life: Life | undefined): string {
  const earlier = life !== undefined && life.attempt < attempt ? failureIn(life) : undefined
  const restart = attempt > 1 ? `YARN starts it again${earlier ? ` after: ${earlier}` : ''}; ` : ''
  return `${restart}${cleaned(diagnostics) || 'YARN has accepted it'}`
}

const reason = (text: string) => (text ? { reason: text } : {})

const lineOf = (life: Life | undefined, event: string): string | undefined =>
  life?.lines.find((line) => line.split(' ')[1] === event)

/** The driver's own message: a JSON string if it has spaces. */
function failureIn(life: Life | undefined): string | undefined {
  const message = lineOf(life, 'failed')?.match(/ message=("(?:[^"\\]|\\.)*"|\S*)/)?.[1]
  return message?.startsWith('"') ? String(parseJson(message)) : message
}

const isoTime = (ms: number): string => new Date(ms).toISOString()

/** In one line, without the time with which YARN begins it. */
const cleaned = (diagnostics: string | null | undefined): string =>
  (diagnostics ?? '')
    .replace(/^\[[^\]]*\]\s*/, '')
    .replace(/\s+/g, ' ')
    .trim()
