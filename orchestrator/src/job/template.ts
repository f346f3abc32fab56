import { readdir, readFile } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { packageRoot } from '../package/root.ts'
import type { JobFile } from '../runtime/runtime.ts'

const SOURCES = join(packageRoot, 'spark-job')
const PACKAGE = 'cpu_anomaly'

/** The job as it is shipped: Python that can be imported, with one hole. */
export const readTemplate = (): Promise<string> => readFile(join(SOURCES, 'job.py'), 'utf8')

/** The modules that the template imports, shipped as they are; sorted by path. */
export async function readModules(sources: string = SOURCES): Promise<JobFile[]> {
  const entries = await readdir(join(sources, PACKAGE), { recursive: true })
  const paths = entries
    .filter((entry) => entry.endsWith('.py'))
    .map((entry) => [PACKAGE, ...entry.split(sep)].join('/'))
    .sort()
  return Promise.all(paths.map(async (path) => ({ path, text: await readFile(join(sources, path), 'utf8') })))
}
