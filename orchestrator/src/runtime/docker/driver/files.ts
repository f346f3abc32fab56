import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { packageRoot } from '../../../package/root.ts'
import type { JobFile, Submission } from '../../runtime.ts'
import type { ContainerFile } from '../container/files.ts'
import { DRIVER_DIR, SPARK_UID } from '../container/project.ts'

/** The files of the driver's container, in a folder of its own; readable only by Spark's user. */
export async function driverFiles(submission: Submission, jars: readonly string[]): Promise<ContainerFile[]> {
  const own = DRIVER_DIR.slice(1)
  const folder = (path: string): ContainerFile => ({ path: `${own}/${path}`, mode: 0o700, uid: SPARK_UID })
  const file = (path: string, content: string | Buffer): ContainerFile => ({
    path: `${own}/${path}`,
    content,
    mode: 0o600,
    uid: SPARK_UID,
  })
  const shipped = (...path: string[]) => readFile(join(packageRoot, ...path))
  return [
    folder(''),
    folder('state/'),
    folder('jars/'),
    ...foldersOf(submission.files).map(folder),
    ...submission.files.map(({ path, text }) => file(path, text)),
    file('kafka-secrets.json', JSON.stringify(submission.secrets)),
    file('supervise.py', await shipped('spark-job', 'supervise.py')),
    file('log4j2.properties', await shipped('infra', 'spark', 'log4j2.properties')),
    ...(await Promise.all(jars.map(async (jar) => file(`jars/${basename(jar)}`, await readFile(jar))))),
  ]
}

/** All parent folders of these files, outermost first. Docker would create missing ones too, but owned by root. */
function foldersOf(files: readonly JobFile[]): string[] {
  const folders = files.flatMap(({ path }) =>
    [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index + 1)),
  )
  return [...new Set(folders)]
}
