import { join } from 'node:path'

/** The storage folder of a project folder, and its subfolders. */
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
