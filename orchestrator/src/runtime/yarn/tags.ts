import { randomUUID } from 'node:crypto'
import { readStorageId } from '../../storage/mark.ts'
import type { Submission } from '../runtime.ts'

/** How an application is told from others: YARN finds applications by such words, in lower case. */
export interface YarnTags {
  /** Of all applications of a project folder. */
  readonly folder: string
  /** Of one submission. */
  readonly own: string
}

/** New tags for a submission from the folder whose storage this is. */
export async function newTags(storageRoot: string): Promise<YarnTags> {
  const folder = `cpu-anomaly-${await readStorageId(storageRoot)}`.toLowerCase()
  return { folder, own: `${folder}-${randomUUID().slice(0, 8)}` }
}

/** The last arguments: nothing that the user sets overrides them. */
export const withTags = (submission: Submission, { folder, own }: YarnTags): Submission => ({
  ...submission,
  submitArgs: [...submission.submitArgs, '--conf', `spark.yarn.tags=${folder},${own}`],
})
