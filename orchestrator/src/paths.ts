import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The installed package's own folder: where `package.json`, `spark-job/` and `infra/` lie. */
export const packageRoot = findPackageRoot(dirname(fileURLToPath(import.meta.url)))

function findPackageRoot(from: string): string {
  if (existsSync(join(from, 'package.json'))) return from
  const parent = dirname(from)
  if (parent === from) throw new Error('cpu-anomaly is installed without its package.json')
  return findPackageRoot(parent)
}

/** What belongs to one project folder, all of it under its storage folder. */
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
