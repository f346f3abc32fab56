import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { isOnS3 } from '../../config/checkpoint-location.ts'
import type { Config } from '../../config/config.ts'
import { type JarSet, lockedJars } from '../../package/jars.ts'
import { packageRoot } from '../../package/root.ts'
import { ivySettings } from '../ivy.ts'
import type { JobFile, Submission } from '../runtime.ts'
import { deployment } from './deployment.ts'
import { executorPod } from './executor-pod.ts'
import { jobName, namespaceOf, objectLabels, WORK } from './names.ts'
import type { KubernetesObject } from './objects.ts'
import { DRIVER_TEMPLATE, EXECUTOR_TEMPLATE, readPodTemplate } from './pod-template.ts'
import { rightsObjects } from './rights.ts'

/**
 * All objects of a job but its Secret, in the order in which they are applied: what `submit` applies, and what `render`
 * writes. The same settings give the same objects.
 * @throws CliError CONFIGURATION for a pod template that cannot be used.
 */
export async function jobObjects(
  config: Config,
  checkpoint: string,
  submission: Pick<Submission, 'files' | 'submitArgs' | 'stopTimeoutMs'>,
): Promise<KubernetesObject[]> {
  const { conf } = config.spark
  const name = jobName(checkpoint)
  const namespace = namespaceOf(config)
  const executors = executorPod(name, await readPodTemplate(conf, EXECUTOR_TEMPLATE))
  const data = await filesOf(
    submission.files,
    stringify(executors),
    checkpoint,
    conf['spark.jars.ivySettings'],
  )
  const template = await readPodTemplate(conf, DRIVER_TEMPLATE)
  const filesHash = createHash('sha256').update(JSON.stringify(data)).digest('hex')
  return [
    ...rightsObjects(config, name, namespace),
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, labels: objectLabels(name) }, data },
    deployment({ config, name, namespace, submission, filesHash, template }),
  ]
}

/** The data of the ConfigMap: keys have no slashes, and `run_pod.py` makes paths of them again. */
async function filesOf(
  files: readonly JobFile[],
  executorPodText: string,
  checkpoint: string,
  ownIvySettings: string | undefined,
): Promise<Record<string, string>> {
  const shipped = (...path: string[]) => readFile(join(packageRoot, ...path), 'utf8')
  const data = {
    ...Object.fromEntries(files.map(({ path, text }) => [path.replaceAll('/', '.'), text])),
    'run_pod.py': await shipped('spark-job', 'run_pod.py'),
    'supervise.py': await shipped('spark-job', 'supervise.py'),
    'log4j2.properties': await shipped('infra', 'spark', 'log4j2.properties'),
    'executor-pod.yaml': executorPodText,
    'jars.json': `${JSON.stringify(neededJars(checkpoint), null, 1)}\n`,
    'ivysettings.xml': ownIvySettings
      ? await readFile(ownIvySettings, 'utf8')
      : ivySettings(`${WORK}/ivy/cache`),
  }
  return Object.fromEntries(Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** By set, with the jar by which an image shows that it has all of the set. */
const neededJars = (checkpoint: string): Partial<Record<JarSet, object>> => ({
  connector: { sign: 'spark-sql-kafka-0-10_2.13', jars: lockedJars('connector') },
  ...(isOnS3(checkpoint) && { s3a: { sign: 'hadoop-aws', jars: lockedJars('s3a') } }),
})
