import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { StoragePaths } from '../../storage/paths.ts'

/** The folder in which the driver shows the newest commit of a checkpoint on HDFS or S3; each checkpoint has its own. */
export const remoteCommits = ({ run }: Pick<StoragePaths, 'run'>, checkpoint: string): string =>
  join(run, `commits-${createHash('sha256').update(checkpoint).digest('hex').slice(0, 8)}`)
