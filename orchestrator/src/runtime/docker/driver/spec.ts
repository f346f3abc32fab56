import type { ContainerCreateOptions } from 'dockerode'
import type { Config } from '../../../config/config.ts'
import { containerLimitMb } from '../../memory.ts'
import { JOB_FILE, type Submission } from '../../runtime.ts'
import { SUPERVISOR_MARGIN_MS, supervisorArgs } from '../../supervisor-args.ts'
import { masterAddress, usesHostNetwork } from '../container/network.ts'
import { PORT_LABEL } from '../container/ports.ts'
import {
  CHECKPOINT_DIR,
  DRIVER,
  DRIVER_DIR,
  MASTER,
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

/** How often Docker restarts a driver whose supervisor was killed. */
const CONTAINER_RESTARTS = 5

/** The driver's container. Secrets are passed in files, because `docker inspect` shows everything here. */
export function driverSpec(
  project: Project,
  config: Config,
  submission: Pick<Submission, 'submitArgs' | 'stopTimeoutMs'>,
): ContainerCreateOptions {
  const driver = {
    stateFile: STATE_FILE,
    stopFile: `${DRIVER_DIR}/state/stop`,
    readyFile: `${DRIVER_DIR}/state/ready`,
    commits: `${CHECKPOINT_DIR}/commits`,
    sparkSubmit: '/opt/spark/bin/spark-submit',
    jobFile: `${DRIVER_DIR}/${JOB_FILE}`,
    options: ['--signal-exit-code', String(SIGNAL_EXIT_CODE)],
  }
  const network = usesHostNetwork(config) ? hostNetwork(project, config) : ownNetwork(project, config)
  return {
    ...network,
    name: project.driverContainer, // fixed, so that Docker itself refuses a second driver
    Image: config.images.spark,
    User: String(SPARK_UID),
    WorkingDir: '/tmp',
    Labels: { ...driverLabels(project), ...network.Labels },
    Env: [
      ...network.Env,
      `SPARK_CONF_DIR=${SPARK_CONF_DIR}`,
      'SPARK_PUBLIC_DNS=localhost', // in the links of the UI
      'PYSPARK_PYTHON=python3',
      `PYTHONPATH=${DRIVER_DIR}`, // the job's package, also for an image that sets PYTHONSAFEPATH
      'PYTHONUNBUFFERED=1',
    ],
    Entrypoint: ['python3', `${DRIVER_DIR}/supervise.py`],
    Cmd: supervisorArgs(driver, submission),
    StopTimeout: Math.ceil((submission.stopTimeoutMs + SUPERVISOR_MARGIN_MS) / 1_000), // seconds
    HostConfig: {
      ...network.HostConfig,
      Init: true,
      // A restarted engine restarts the job, but not one that gave up or was stopped: that exited with 0.
      RestartPolicy: { Name: 'on-failure', MaximumRetryCount: CONTAINER_RESTARTS },
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges:true'],
      Memory: containerLimitMb(config.spark.driverMemory) * 2 ** 20,
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
      Mounts: [{ Type: 'volume', Source: project.sparkVolume, Target: SHARED_DIR }],
    },
  }
}

/** In the network of this folder's containers. */
function ownNetwork({ network }: Project, { ports }: Config) {
  const uiPort = `${ports.sparkUi}/tcp`
  return {
    Hostname: DRIVER,
    Labels: {},
    Env: [],
    ExposedPorts: { [uiPort]: {} },
    HostConfig: {
      PortBindings: { [uiPort]: [{ HostIp: '127.0.0.1', HostPort: String(ports.sparkUi) }] },
      NetworkMode: network,
    },
    NetworkingConfig: { EndpointsConfig: { [network]: { Aliases: [DRIVER] } } },
  }
}

/** In this machine's own network, as master and workers with infra/docker/host-network.yml. */
function hostNetwork({ id }: Project, { ports }: Config) {
  return {
    Labels: { [PORT_LABEL]: String(ports.sparkUi) },
    Env: ['SPARK_LOCAL_IP=127.0.0.1'], // of the UI, which would listen on every interface
    HostConfig: { NetworkMode: 'host', ExtraHosts: [`${MASTER}:${masterAddress(id)}`] },
  }
}

// A signal without `stop` comes from an engine that shuts down. It restarts the container later only if this is not 0.
export const SIGNAL_EXIT_CODE = 143

/** Marks the container as ours and, for `docker compose -p <project> logs`, as one of the project's services. */
function driverLabels(project: Project): Record<string, string> {
  return {
    [STORAGE_LABEL]: project.id,
    'com.docker.compose.project': project.name,
    'com.docker.compose.service': DRIVER,
    'com.docker.compose.container-number': '1',
    'com.docker.compose.oneoff': 'False',
    'com.docker.compose.config-hash': 'none', // without one, compose ignores the container, in its logs too
  }
}
