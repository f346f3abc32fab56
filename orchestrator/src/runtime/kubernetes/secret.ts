import { randomBytes } from 'node:crypto'
import { propertiesText } from '../local/properties.ts'
import type { Submission } from '../runtime.ts'
import { KAFKA_SECRETS, objectLabels, SPARK_AUTHENTICATE, SPARK_SECRETS } from './names.ts'
import type { KubernetesObject } from './objects.ts'

/** The files of the job's Secret: Kafka's and Spark's secrets, and one that driver and executors share, new each time. */
const secretFiles = ({
  secrets,
  sparkSecrets,
}: Pick<Submission, 'secrets' | 'sparkSecrets'>): Record<string, string> => ({
  [KAFKA_SECRETS]: JSON.stringify(secrets),
  [SPARK_SECRETS]: propertiesText(sparkSecrets),
  [SPARK_AUTHENTICATE]: randomBytes(32).toString('hex'),
})

export const secretObject = (
  name: string,
  namespace: string,
  submission: Pick<Submission, 'secrets' | 'sparkSecrets'>,
): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace, labels: objectLabels(name) },
  type: 'Opaque',
  data: Object.fromEntries(
    Object.entries(secretFiles(submission)).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
  ),
})
