import { join } from 'node:path'

/** What belongs to one project folder, all of it below its storage folder. */
export interface StoragePaths {
  readonly root: string
  readonly kafka: string
  readonly checkpoint: string
  readonly logs: string
  readonly run: string
  readonly rendered: string
}

export function storagePaths(root: string): StoragePaths {
  return {
    root,
    kafka: join(root, 'kafka'),
    checkpoint: join(root, 'checkpoint'),
    logs: join(root, 'logs'),
    run: join(root, 'run'),
    rendered: join(root, 'rendered'),
  }
}
