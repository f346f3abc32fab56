import { stringify } from 'yaml'
import type { Config } from '../config/config.ts'
import { CliError } from '../errors.ts'
import { sparkSecrets } from '../job/submit-args.ts'
import { CONTAINER_SECURITY, POD_SECURITY } from '../runtime/kubernetes/deployment.ts'
import { kubernetesJobEnvironment } from '../runtime/kubernetes/job-environment.ts'
import {
  HOME,
  jobName,
  KAFKA_SECRETS,
  namespaceOf,
  objectLabels,
  SECRETS,
  selectorLabels,
} from '../runtime/kubernetes/names.ts'
import { rightsObjects } from '../runtime/kubernetes/rights.ts'
import { BASELINE_FILE, JOB_FILE, type JobEnvironment, type JobFile } from '../runtime/runtime.ts'
import { jobJars } from './dockerfile.ts'
import { type Rendering, renderedJob, requireKubernetes, requireShareable } from './rendering.ts'
import { LOG_SETTINGS, logSettings, textFrom } from './text.ts'

const JOB = `${HOME}/job`
const SCRATCH = '/tmp/cpu-anomaly'

/** A SparkApplication of Kubeflow's Spark operator. Nobody has run it: no operator was at hand. */
export async function renderSparkOperator(config: Config): Promise<Rendering> {
  requireKubernetes(config, 'spark-operator')
  const { checkpoint, kafka } = requireShareable(config)
  requireNoSparkSecrets(config)
  const environment = operatorEnvironment(config, kubernetesJobEnvironment(config, kafka, checkpoint))
  const job = await renderedJob(config, environment)
  const name = jobName(checkpoint)
  const namespace = namespaceOf(config)
  const metadata = { name, namespace, labels: objectLabels(name) }
  const shipped = [...job.files, await logSettings()]
  const files = new Map(shipped.map(({ path, text }) => [path.replaceAll('/', '.'), text]))
  const objects = [
    ...rightsObjects(config, name, namespace),
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: Object.fromEntries(files) },
    {
      apiVersion: 'sparkoperator.k8s.io/v1beta2',
      kind: 'SparkApplication',
      metadata,
      spec: applicationSpec(config, environment, job.submitArgs, shipped),
    },
  ]
  const manifests = objects.map((object, index) => ({
    path: `${index + 1}-${object.kind.toLowerCase()}.yaml`,
    text: stringify(object, { lineWidth: 0, aliasDuplicateObjects: false }),
  }))
  const readme = await textFrom('spark-operator.md', 'README.md', { name, namespace })
  return { files: [...manifests, readme], remarks: job.remarks }
}

/** @throws CliError CONFIGURATION: the operator passes properties on in clear text. */
function requireNoSparkSecrets({ spark }: Config): void {
  const names = Object.keys(sparkSecrets(spark))
  if (names.length === 0) return
  throw new CliError(
    'CONFIGURATION',
    `the Spark operator has no file for secret properties, and would show ${names.join(', ')}`,
    {
      hint: 'Leave them out, and give the pods the rights of a role, or keep them in core-site.xml of a Secret (hadoopConfigMap).',
    },
  )
}

/** The operator makes the driver's pod: paths are absolute, and its arguments are Spark's own. */
const operatorEnvironment = ({ spark }: Config, environment: JobEnvironment): JobEnvironment => ({
  ...environment,
  master: `k8s://${spark.conf['spark.kubernetes.driver.master'] ?? 'https://kubernetes.default.svc'}`,
  baselineFile: `${JOB}/${BASELINE_FILE}`,
  secretsFile: environment.secretsFile && `${HOME}/${SECRETS}/${KAFKA_SECRETS}`,
  sparkConf: {
    ...environment.sparkConf,
    // The user of the image has no home, and of the folders of its pods may write to this one.
    'spark.jars.ivy': `${SCRATCH}/ivy`,
    'spark.sql.warehouse.dir': `${SCRATCH}/warehouse`,
    'spark.driver.extraJavaOptions': `-Dlog4j2.configurationFile=file:${JOB}/${LOG_SETTINGS}`,
  },
})

/** These are fields of their own in a SparkApplication. */
const FIELDS =
  /^spark\.(?:kubernetes\.(?:container\.image|namespace|executor\.label\..*)|executor\.(?:instances|cores|memory))$/

function applicationSpec(
  config: Config,
  { sparkConf, sparkVersion, checkpoint }: JobEnvironment,
  submitArgs: readonly string[],
  files: readonly JobFile[],
) {
  const { spark, images } = config
  const name = jobName(checkpoint)
  const conf = submitArgs.flatMap((arg, index) => (submitArgs[index - 1] === '--conf' ? [arg] : []))
  const pairs = conf.map(
    (pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)] as const,
  )
  const pod = (component: 'driver' | 'executor') => ({
    labels: { ...objectLabels(name), ...selectorLabels(name, component) },
    podSecurityContext: POD_SECURITY,
    securityContext: CONTAINER_SECURITY,
  })
  const secretMount = { name: SECRETS, mountPath: `${HOME}/${SECRETS}`, readOnly: true }
  return {
    type: 'Python',
    pythonVersion: '3',
    mode: 'cluster',
    image: images.spark,
    sparkVersion: sparkVersion ?? '4.3.0',
    mainApplicationFile: `local://${JOB}/${JOB_FILE}`,
    restartPolicy: { type: 'Always', onFailureRetryInterval: 10, onSubmissionFailureRetryInterval: 30 },
    deps: {
      packages: jobJars(checkpoint).map(({ org, name, rev }) => `${org}:${name}:${rev}`),
      excludePackages: ['software.amazon.awssdk:bundle'], // 690 MB, of which the others are what is used
    },
    sparkConf: Object.fromEntries(pairs.filter(([key]) => !FIELDS.test(key))),
    volumes: [
      {
        name: 'job',
        configMap: { name, items: files.map(({ path }) => ({ key: path.replaceAll('/', '.'), path })) },
      },
      { name: SECRETS, secret: { secretName: name, defaultMode: 0o400 } },
    ],
    driver: {
      ...pod('driver'),
      cores: 1,
      memory: spark.driverMemory,
      serviceAccount: name,
      env: [{ name: 'PYTHONPATH', value: JOB }],
      volumeMounts: [{ name: 'job', mountPath: JOB, readOnly: true }, secretMount],
    },
    executor: {
      ...pod('executor'),
      instances: Number(sparkConf['spark.executor.instances']),
      cores: Number(sparkConf['spark.executor.cores']),
      memory: spark.workerMemory,
      env: [{ name: 'JDK_JAVA_OPTIONS', value: '-Dspark.master=k8s://the-cluster' }],
      volumeMounts: [secretMount],
    },
  }
}
