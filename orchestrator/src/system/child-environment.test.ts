import { describe, expect, it } from 'vitest'
import { type ChildKind, childEnvironment } from './child-environment.ts'

const FIXED = { LC_ALL: 'C.UTF-8', LANG: 'C.UTF-8', TZ: 'UTC' }
const KINDS: readonly ChildKind[] = ['probe', 'java', 'download', 'docker']

/** Variables that decide what a program does, or that are secret; each was seen to reach one. */
const FOREIGN = Object.fromEntries(
  [
    ...[
      'KAFKA_PASSWORD',
      'AWS_SECRET_ACCESS_KEY',
      'GITHUB_TOKEN',
      'KAFKA_PORT',
      'KAFKA_OPTS',
      'KAFKA_HEAP_OPTS',
    ],
    ...['JAVA_TOOL_OPTIONS', 'JDK_JAVA_OPTIONS', '_JAVA_OPTIONS', 'CLASSPATH', 'IBM_JAVA_OPTIONS'],
    ...['SPARK_HOME', 'SPARK_CONF_DIR', 'SPARK_SUBMIT_OPTS', 'SPARK_LAUNCHER_OPTS', 'SPARK_DIST_CLASSPATH'],
    ...['SPARK_LOCAL_IP', 'SPARK_PUBLIC_DNS', 'SPARK_MASTER', 'SPARK_EXECUTOR_MEMORY', 'SPARK_CONNECT_MODE'],
    ...['HADOOP_HOME', 'HADOOP_CONF_DIR', 'HADOOP_USER_NAME', 'YARN_CONF_DIR', 'HADOOP_OPTS'],
    ...['PYSPARK_PYTHON', 'PYSPARK_DRIVER_PYTHON', 'PYSPARK_DRIVER_PYTHON_OPTS', 'PYSPARK_SUBMIT_ARGS'],
    ...['PYTHONPATH', 'PYTHONHOME', 'PYTHONSAFEPATH', 'PYTHONSTARTUP', 'PYTHONOPTIMIZE', 'PYTHONUSERBASE'],
    ...[
      'PIP_USER',
      'PIP_TARGET',
      'PIP_PREFIX',
      'PIP_ROOT',
      'PIP_REQUIRE_VIRTUALENV',
      'PIP_CONSTRAINT',
      'PIP_DRY_RUN',
    ],
    ...['LD_PRELOAD', 'LD_AUDIT', 'BASH_ENV', 'ENV', 'NODE_OPTIONS', 'NODE_PATH', 'VIRTUAL_ENV', 'CDPATH'],
    ...[
      'COMPOSE_FILE',
      'COMPOSE_PROFILES',
      'COMPOSE_PROJECT_NAME',
      'COMPOSE_ENV_FILES',
      'DOCKER_DEFAULT_PLATFORM',
    ],
    ...['LC_CTYPE', 'LANGUAGE', 'CPU_ANOMALY_STOP_FILE'],
  ].map((name) => [name, 'foreign']),
)

describe('childEnvironment', () => {
  it.each(KINDS)('keeps foreign variables and secrets from a child: %s', (kind) => {
    expect(
      childEnvironment(kind, { ...FOREIGN, LANG: 'tr_TR.UTF-8', LC_ALL: 'C', TZ: 'Asia/Tokyo' }),
    ).toEqual(FIXED)
  })

  it.each(KINDS)('tells a child where programs are and whose it is: %s', (kind) => {
    const shell = { PATH: '/bin', LD_LIBRARY_PATH: '/lib', HOME: '/home/me', USER: 'me', TMPDIR: '/tmp' }
    expect(childEnvironment(kind, shell)).toEqual({ ...FIXED, ...shell })
  })

  it.each<[ChildKind, Record<string, string>]>([
    ['java', { JAVA_HOME: '/jdk' }],
    [
      'download',
      { PIP_INDEX_URL: 'mirror', PIP_CERT: '/ca.pem', https_proxy: 'p', NO_PROXY: 'n', SSL_CERT_FILE: 'f' },
    ],
    ['hdfs', { JAVA_HOME: '/jdk', HADOOP_CONF_DIR: '/h', HADOOP_USER_NAME: 'me' }],
    ['s3', { HADOOP_CONF_DIR: '/h', AWS_ACCESS_KEY_ID: 'id', AWS_ROLE_ARN: 'arn' }],
    ['docker', { DOCKER_HOST: 'unix:///x', DOCKER_CONFIG: '/c', DOCKER_CERT_PATH: '/d', HTTPS_PROXY: 'p' }],
  ])('gives a child what only its kind needs: %s', (kind, needed) => {
    expect(childEnvironment(kind, needed)).toEqual({ ...FIXED, ...needed })
    expect(childEnvironment('probe', needed)).toEqual(FIXED)
  })

  it('leaves out a variable without a value, which some programs take for a value', () => {
    expect(childEnvironment('java', { JAVA_HOME: '', TMPDIR: undefined })).toEqual(FIXED)
  })

  it('passes what CPU_ANOMALY_PASS_ENV names, also one that is fixed otherwise', () => {
    const shell = { ...FOREIGN, CPU_ANOMALY_PASS_ENV: ' LD_PRELOAD, TZ,,NONE', TZ: 'Asia/Tokyo' }
    expect(childEnvironment('probe', shell)).toEqual({ ...FIXED, LD_PRELOAD: 'foreign', TZ: 'Asia/Tokyo' })
  })
})
