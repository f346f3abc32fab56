import { join } from 'node:path'
import envPaths from 'env-paths'
import { type JarSet, jarSetName } from '../versions.ts'

/** The user's cache directory for big downloads, shared by all project folders (XDG on Linux). */
export function cacheDir(): string {
  return envPaths('cpu-anomaly', { suffix: '' }).cache
}

export const jarsDir = (set: JarSet): string => join(cacheDir(), 'jars', jarSetName(set))
