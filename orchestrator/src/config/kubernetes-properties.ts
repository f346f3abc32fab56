import { looksSecret, OWN_SPARK_PROPERTIES, refusedProperty } from './spark-properties.ts'

/** Of `spark.kubernetes.driver.*`, what this tool reads for the driver's pod, which it makes itself. */
const OF_DRIVER_POD: ReadonlySet<string> = new Set(
  ['master', 'podTemplateFile', 'request.cores', 'limit.cores'].map(
    (name) => `spark.kubernetes.driver.${name}`,
  ),
)

const SERVICE_ACCOUNT = 'spark.kubernetes.authenticate.driver.serviceAccountName'

/** What this tool sets on Kubernetes, and what to use instead. */
const SET_HERE: Readonly<Record<string, string>> = {
  'spark.authenticate.secret.driver.file': 'driver and executors share a key of the Secret',
  'spark.authenticate.secret.executor.file': 'driver and executors share a key of the Secret',
  'spark.authenticate.secret.file': 'driver and executors share a key of the Secret',
  'spark.driver.bindAddress': "it is the address of the driver's pod",
  'spark.executor.instances': 'use SPARK_CORES, and spark.executor.cores for the size of an executor',
  'spark.kubernetes.container.image': 'use SPARK_IMAGE',
  'spark.kubernetes.driver.pod.name': 'executors belong to the pod that runs the driver',
  'spark.kubernetes.executor.disableConfigMap':
    "executors need no ConfigMap, and the driver's account may make none",
  'spark.kubernetes.executor.podNamePrefix': 'the names of executors of an earlier driver may still be taken',
}

/** Where executors reach the driver, and how they share a machine: only the owner of the cluster knows. */
const OF_THE_NETWORK: ReadonlySet<string> = new Set([
  'spark.blockManager.port',
  'spark.driver.host',
  'spark.executor.defaultJavaOptions',
  'spark.shuffle.readHostLocalDisk',
])

/** Why a property is refused where SPARK_MASTER is a Kubernetes; undefined if it takes effect, or may do so. */
export function refusedOnKubernetes(name: string, isOnS3: boolean): string | undefined {
  // What is the same everywhere.
  const common = { runtime: 'auto', isOnS3 } as const
  const why = SET_HERE[name]
  if (why) return `is set by cpu-anomaly (${why}), so another value has no effect; remove it`
  if (OF_THE_NETWORK.has(name)) return undefined
  if (name.startsWith('spark.hadoop.fs.s3a.')) return refusedProperty(name, common)
  if (looksSecret(name) && !Object.hasOwn(OWN_SPARK_PROPERTIES, name)) return undefined // goes into the Secret
  if (/^spark\.(?:driver|executor)\.(?:m|minM)emoryOverhead/.test(name)) return undefined
  if (!name.startsWith('spark.kubernetes.')) return refusedProperty(name, common)
  if (name.startsWith('spark.kubernetes.driver.') && !OF_DRIVER_POD.has(name))
    return "has no effect: Spark does not make the driver's pod here; write a pod template, and name it in spark.kubernetes.driver.podTemplateFile"
  if (name.startsWith('spark.kubernetes.authenticate.') && name !== SERVICE_ACCOUNT)
    return `has no effect: the driver logs in as the service account of its pod; name one in ${SERVICE_ACCOUNT}`
  return undefined
}
