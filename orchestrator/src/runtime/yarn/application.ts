import { z } from 'zod'
import type { ResourceManager } from './resource-manager.ts'

/** What the ResourceManager tells of an application. */
const applicationSchema = z.object({
  id: z.string(),
  state: z.string(),
  finalStatus: z.string(),
  diagnostics: z.string().nullish(),
  trackingUrl: z.string().nullish(),
  /** Epoch milliseconds; 0 if it has not ended. */
  startedTime: z.number(),
  finishedTime: z.number(),
})
export type Application = Readonly<z.infer<typeof applicationSchema>>

/** One run of the driver in the cluster. */
const attemptSchema = z.object({
  id: z.number(),
  startTime: z.number(),
  containerId: z.string(),
  nodeHttpAddress: z.string(),
})
export type Attempt = Readonly<z.infer<typeof attemptSchema>>

const applicationsSchema = z.object({
  apps: z.object({ app: z.array(applicationSchema).optional() }).nullish(),
})
const attemptsSchema = z.object({
  appAttempts: z.object({ appAttempt: z.array(attemptSchema).optional() }).nullish(),
})

const ENDED: ReadonlySet<string> = new Set(['FINISHED', 'FAILED', 'KILLED'])

export const hasEnded = ({ state }: Application): boolean => ENDED.has(state)

/** The newest application with this tag; undefined if YARN knows none. */
export async function findApplication(
  manager: ResourceManager,
  tag: string,
  signal?: AbortSignal,
): Promise<Application | undefined> {
  const query = `apps?applicationTags=${encodeURIComponent(tag)}`
  const answer = await manager.get(query, applicationsSchema, signal)
  const found = answer?.apps?.app ?? []
  return found.toSorted((a, b) => b.startedTime - a.startedTime)[0]
}

/** The attempts of an application, oldest first. YARN forgets old ones, and keeps their numbers. */
export async function attemptsOf(
  manager: ResourceManager,
  { id }: Application,
  signal?: AbortSignal,
): Promise<Attempt[]> {
  const answer = await manager.get(`apps/${id}/appattempts`, attemptsSchema, signal)
  return (answer?.appAttempts?.appAttempt ?? []).toSorted((a, b) => a.id - b.id)
}
