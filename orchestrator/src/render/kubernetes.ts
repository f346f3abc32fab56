import { stringify } from 'yaml'
import type { Config } from '../config/config.ts'
import { sparkSecrets } from '../job/submit-args.ts'
import { javaClientSecrets } from '../kafka/java-client.ts'
import { kubernetesJobEnvironment } from '../runtime/kubernetes/job-environment.ts'
import { jobObjects } from '../runtime/kubernetes/job-objects.ts'
import { jobName, namespaceOf } from '../runtime/kubernetes/names.ts'
import type { KubernetesObject } from '../runtime/kubernetes/objects.ts'
import { secretObject } from '../runtime/kubernetes/secret.ts'
import { dockerfile } from './dockerfile.ts'
import { type Rendering, renderedJob, requireKubernetes, requireShareable } from './rendering.ts'
import { textFrom } from './text.ts'

/** What `submit` would apply, as files. */
export async function renderKubernetes(config: Config): Promise<Rendering> {
  requireKubernetes(config, 'kubernetes')
  const { checkpoint, kafka } = requireShareable(config)
  const job = await renderedJob(config, kubernetesJobEnvironment(config, kafka, checkpoint))
  const objects = await jobObjects(config, checkpoint, job)
  const manifests = objects.map((object, index) => ({
    path: `${index + 1}-${object.kind.toLowerCase()}.yaml`,
    text: yamlOf(object),
  }))
  const readme = await textFrom('kubernetes.md', 'README.md', {
    name: jobName(checkpoint),
    namespace: namespaceOf(config),
    image: config.images.spark,
    checkpoint,
  })
  return { files: [...manifests, dockerfile(config, checkpoint), readme], remarks: job.remarks }
}

/** The job's Secret, for a pipe to `kubectl apply -f -` or to a program that seals it. */
export function renderSecret(config: Config): string {
  const { checkpoint, kafka } = requireShareable(config)
  const secrets = { secrets: javaClientSecrets(kafka), sparkSecrets: sparkSecrets(config.spark) }
  return yamlOf(secretObject(jobName(checkpoint), namespaceOf(config), secrets))
}

const yamlOf = (object: KubernetesObject): string => stringify(object, { lineWidth: 0 })
