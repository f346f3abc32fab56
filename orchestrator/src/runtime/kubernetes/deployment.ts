import type { Config } from '../../config/config.ts'
import { containerLimitMb } from '../memory.ts'
import type { Submission } from '../runtime.ts'
import { SUPERVISOR_MARGIN_MS } from '../supervisor-args.ts'
import {
  FILES,
  givenServiceAccount,
  HOME,
  objectLabels,
  SECRETS,
  SPARK_UID,
  selectorLabels,
  WORK,
} from './names.ts'
import type { KubernetesObject } from './objects.ts'
import { over, type PodTemplate } from './pod-template.ts'

/** The driver does little itself, and is idle between batches. */
const DRIVER_CPU = '500m'

/** What `deployment` is made of. */
export interface DeploymentParts {
  readonly config: Config
  readonly name: string
  readonly namespace: string
  readonly submission: Pick<Submission, 'submitArgs' | 'stopTimeoutMs'>
  /** Of the ConfigMap: another one makes another pod. */
  readonly filesHash: string
  /** The user's pod template. */
  readonly template: PodTemplate
}

/** Runs the driver in one pod, which Kubernetes restarts. */
export function deployment(parts: DeploymentParts): KubernetesObject {
  const { name, namespace, template, filesHash } = parts
  const labels = { ...objectLabels(name), ...selectorLabels(name, 'driver') }
  const metadata = { labels, annotations: { 'cpu-anomaly/files': filesHash } }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, labels: objectLabels(name) },
    spec: {
      replicas: 1,
      revisionHistoryLimit: 1,
      strategy: { type: 'Recreate' }, // never two drivers on one checkpoint
      selector: { matchLabels: selectorLabels(name, 'driver') },
      template: {
        metadata: over(template.metadata ?? {}, metadata),
        spec: over(template.spec ?? {}, podSpec(parts)),
      },
    },
  }
}

function podSpec({ config, name, submission }: DeploymentParts) {
  const { conf } = config.spark
  const secrets = split(conf['spark.kubernetes.container.image.pullSecrets'])
  const nodes = nodeSelector(conf)
  return {
    serviceAccountName: givenServiceAccount(config) ?? name,
    terminationGracePeriodSeconds: Math.ceil((submission.stopTimeoutMs + SUPERVISOR_MARGIN_MS) / 1_000),
    enableServiceLinks: false,
    securityContext: POD_SECURITY,
    ...(secrets.length > 0 && { imagePullSecrets: secrets.map((secret) => ({ name: secret })) }),
    ...(Object.keys(nodes).length > 0 && { nodeSelector: nodes }),
    containers: [
      {
        name: 'driver',
        image: config.images.spark,
        ...(conf['spark.kubernetes.container.image.pullPolicy'] && {
          imagePullPolicy: conf['spark.kubernetes.container.image.pullPolicy'],
        }),
        // Arguments of the image's entrypoint, which is made for this: it may have a user to add first.
        args: podArgs(submission),
        workingDir: HOME,
        env: [...ENVIRONMENT, ...driverEnvironment(conf)],
        resources: resources(config),
        // Ready as the job counts as running elsewhere: the driver has said so by this file.
        readinessProbe: {
          exec: { command: ['test', '-e', `${WORK}/ready`] },
          periodSeconds: 2,
          timeoutSeconds: 5,
        },
        terminationMessagePolicy: 'FallbackToLogsOnError',
        securityContext: CONTAINER_SECURITY,
        volumeMounts: [
          { name: 'files', mountPath: FILES, readOnly: true },
          { name: SECRETS, mountPath: `${HOME}/${SECRETS}`, readOnly: true },
          { name: 'work', mountPath: WORK },
        ],
      },
    ],
    volumes: [
      { name: 'files', configMap: { name } },
      { name: SECRETS, secret: { secretName: name, defaultMode: 0o400 } },
      { name: 'work', emptyDir: {} },
    ],
  }
}

/** Readable by the group, because a pod's files belong to root and its group. */
export const POD_SECURITY = {
  runAsNonRoot: true,
  runAsUser: SPARK_UID,
  runAsGroup: SPARK_UID,
  fsGroup: SPARK_UID,
  seccompProfile: { type: 'RuntimeDefault' },
}

export const CONTAINER_SECURITY = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
}

function podArgs({ submitArgs, stopTimeoutMs }: DeploymentParts['submission']): string[] {
  const own = ['--files', FILES, '--work', WORK]
  const stop = ['--stop-timeout', String(stopTimeoutMs / 1_000)]
  return ['python3', `${FILES}/run_pod.py`, ...own, ...stop, '--', ...submitArgs]
}

const fromField = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } })

const ENVIRONMENT = [
  fromField('POD_NAME', 'metadata.name'),
  fromField('POD_IP', 'status.podIP'),
  fromField('POD_UID', 'metadata.uid'),
  { name: 'SPARK_LOCAL_IP', value: '127.0.0.1' }, // of the UI, which would listen for every pod; port-forward reaches it
  { name: 'SPARK_LOCAL_DIRS', value: `${WORK}/scratch` },
  { name: 'PYSPARK_PYTHON', value: 'python3' },
]

const DRIVER_ENV = 'spark.kubernetes.driverEnv.'

const driverEnvironment = (conf: Readonly<Record<string, string>>) =>
  withPrefix(conf, DRIVER_ENV).map(([name, value]) => ({ name, value }))

function resources({ spark }: Config) {
  const memory = `${containerLimitMb(spark.driverMemory)}Mi`
  const cpuLimit = spark.conf['spark.kubernetes.driver.limit.cores']
  return {
    requests: { cpu: spark.conf['spark.kubernetes.driver.request.cores'] ?? DRIVER_CPU, memory },
    limits: { ...(cpuLimit && { cpu: cpuLimit }), memory },
  }
}

const NODE_SELECTOR = 'spark.kubernetes.node.selector.'

const nodeSelector = (conf: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(withPrefix(conf, NODE_SELECTOR))

const withPrefix = (conf: Readonly<Record<string, string>>, prefix: string): [string, string][] =>
  Object.entries(conf).flatMap(([name, value]) =>
    name.startsWith(prefix) ? [[name.slice(prefix.length), value] as [string, string]] : [],
  )

const split = (list = ''): string[] => list.split(',').flatMap((each) => each.trim() || [])
