import type { ContainerCreateOptions } from 'dockerode'
import type { Config } from '../../../config/config.ts'
import { JOB_FILE, type Submission } from '../../runtime.ts'
import { containerLimitMb } from '../container/memory.ts'
import {
  CHECKPOINT_DIR,
  DRIVER,
  DRIVER_DIR,
  type Project,
  SHARED_DIR,
  SPARK_CONF_DIR,
  SPARK_UID,
  STORAGE_LABEL,
} from '../container/project.ts'

export const STATE_FILE = `${DRIVER_DIR}/state/driver.json`
export const SECRETS_FILE = `${DRIVER_DIR}/kafka-secrets.json`
export const JARS_DIR = `${DRIVER_DIR}/jars`
export const LOG4J_FILE = `${DRIVER_DIR}/log4j2.properties`

/** How often Docker starts a driver again whose supervisor itself was killed. */
const CONTAINER_RESTARTS = 5

/** The driver's container. Whatever is secret travels in files: everything here can be read with `docker inspect`. */
export function driverSpec(
  project: Project,
  config: Config,
  { submitArgs, stopTimeoutMs }: Pick<Submission, 'submitArgs' | 'stopTimeoutMs'>,
): ContainerCreateOptions {
  const uiPort = `${config.ports.sparkUi}/tcp`
  return {
    name: project.driverContainer, // fixed, so that Docker itself refuses a second driver
    Hostname: DRIVER,
    Image: config.images.spark,
    User: String(SPARK_UID),
    WorkingDir: '/tmp',
    Labels: driverLabels(project),
    Env: [
      `SPARK_CONF_DIR=${SPARK_CONF_DIR}`,
      'SPARK_PUBLIC_DNS=localhost', // in the links of the UI
      'PYSPARK_PYTHON=python3',
      `PYTHONPATH=${DRIVER_DIR}`, // the job's package, also for an image that sets PYTHONSAFEPATH
      'PYTHONUNBUFFERED=1',
    ],
    Entrypoint: ['python3', `${DRIVER_DIR}/supervise.py`],
    Cmd: [
      ...supervisorArgs(stopTimeoutMs),
      '--',
      '/opt/spark/bin/spark-submit',
      ...submitArgs,
      `${DRIVER_DIR}/${JOB_FILE}`,
    ],
    StopTimeout: Math.ceil(stopTimeoutMs / 1_000) + 30, // seconds; the supervisor is to end first
    ExposedPorts: { [uiPort]: {} },
    HostConfig: {
      Init: true,
      // A restarted engine brings the job back; one that gave up or was stopped has ended with 0 and stays ended.
      RestartPolicy: { Name: 'on-failure', MaximumRetryCount: CONTAINER_RESTARTS },
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges:true'],
      Memory: containerLimitMb(config.spark.driverMemory) * 2 ** 20,
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
      PortBindings: { [uiPort]: [{ HostIp: '127.0.0.1', HostPort: String(config.ports.sparkUi) }] },
      Mounts: [{ Type: 'volume', Source: project.sparkVolume, Target: SHARED_DIR }],
      NetworkMode: project.network,
    },
    NetworkingConfig: { EndpointsConfig: { [project.network]: { Aliases: [DRIVER] } } },
  }
}

// A signal that no `stop` sent comes from an engine that shuts down: by another exit code than 0 it knows to start again.
export const SIGNAL_EXIT_CODE = 143

function supervisorArgs(stopTimeoutMs: number): string[] {
  const files = [
    '--state',
    STATE_FILE,
    '--stop-file',
    `${DRIVER_DIR}/state/stop`,
    '--checkpoint',
    CHECKPOINT_DIR,
  ]
  const stop = ['--stop-timeout', String(stopTimeoutMs / 1_000)]
  return [...files, ...stop, '--signal-exit-code', String(SIGNAL_EXIT_CODE)]
}

/** Ours, and for `docker compose -p <project> logs` one of the project's services. */
function driverLabels(project: Project): Record<string, string> {
  return {
    [STORAGE_LABEL]: project.id,
    'com.docker.compose.project': project.name,
    'com.docker.compose.service': DRIVER,
    'com.docker.compose.container-number': '1',
    'com.docker.compose.oneoff': 'False',
    'com.docker.compose.config-hash': 'none', // compose overlooks containers without one, for its logs too
  }
}
