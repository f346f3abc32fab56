import { join } from 'node:path'
import { z } from 'zod'
import type { StoragePaths } from '../../storage/paths.ts'
import { type StateFile, stateFile } from '../../system/state-file.ts'
import { type Kind, RESOURCES } from './objects.ts'

const KINDS = Object.keys(RESOURCES) as [Kind, ...Kind[]]

const placeSchema = z.object({
  master: z.string(),
  namespace: z.string(),
  name: z.string(),
  kinds: z.array(z.enum(KINDS)),
})

/** Where a job's objects are: at which API, in which namespace, by which name; and of which kinds there is one. */
export type JobPlace = Readonly<z.infer<typeof placeSchema>>

/** Where `submit` has put them, until `down`: the settings may mean another place by now. */
export const placeFile = ({ run }: StoragePaths): StateFile<JobPlace> =>
  stateFile(
    join(run, 'kubernetes-job.json'),
    placeSchema,
    'It says where the job is on Kubernetes. Remove it if `kubectl` shows no such Deployment.',
  )

export const isSamePlace = (a: JobPlace, b: JobPlace): boolean =>
  a.master === b.master && a.namespace === b.namespace && a.name === b.name
