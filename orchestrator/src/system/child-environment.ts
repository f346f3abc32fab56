/** The variables of the shell that started this program. They may hold anything, secrets too. */
export type ShellEnvironment = Readonly<Record<string, string | undefined>>

/** What a program needs beside what every program gets. */
export type ChildKind = 'probe' | 'java' | 'hdfs' | 's3' | 'download' | 'docker'

// Where programs are, whose they are, where they may write. LD_LIBRARY_PATH belongs to PATH: a Python or Java from a
// module system of a cluster does not start without it.
const EVERY_CHILD = ['PATH', 'LD_LIBRARY_PATH', 'HOME', 'USER', 'LOGNAME', 'TMPDIR']

const PROXY = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY']
const PROXIES = [...PROXY, ...PROXY.map((name) => name.toLowerCase())]

const HADOOP = ['JAVA_HOME', 'HADOOP_CONF_DIR', 'HADOOP_USER_NAME']

const NEEDS: Readonly<Record<ChildKind, readonly string[]>> = {
  probe: [],
  java: ['JAVA_HOME'],
  // A driver whose checkpoint is on HDFS or S3: the addresses of a Hadoop cluster, who asks, how S3 is logged in to.
  hdfs: HADOOP,
  s3: HADOOP,
  // Where pip finds packages and whom it trusts, but nothing that decides where or what it installs.
  download: [
    ...PROXIES,
    ...['PIP_CONFIG_FILE', 'PIP_INDEX_URL', 'PIP_EXTRA_INDEX_URL', 'PIP_NO_INDEX', 'PIP_FIND_LINKS'],
    ...['PIP_PROXY', 'PIP_CERT', 'PIP_CLIENT_CERT', 'PIP_TRUSTED_HOST', 'PIP_KEYRING_PROVIDER'],
    ...['PIP_DEFAULT_TIMEOUT', 'PIP_TIMEOUT', 'PIP_RETRIES', 'XDG_CONFIG_HOME', 'XDG_CONFIG_DIRS', 'NETRC'],
    ...['SSL_CERT_FILE', 'SSL_CERT_DIR', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'],
  ],
  // Which engine and which login; which services there are is decided by our own compose file alone.
  docker: [
    ...PROXIES,
    ...['DOCKER_HOST', 'DOCKER_CONTEXT', 'DOCKER_CONFIG', 'DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH'],
    ...['XDG_RUNTIME_DIR', 'DBUS_SESSION_BUS_ADDRESS'],
  ],
}

/** Names further variables, separated by commas, that every program gets. Read from the shell only, never from `.env`. */
export const PASS_ENV = 'CPU_ANOMALY_PASS_ENV'

/**
 * The whole environment of a program that this one starts. Only named variables of the shell reach it: any other could
 * change what the program does (SPARK_CONF_DIR, JAVA_TOOL_OPTIONS, PYTHONPATH, PIP_TARGET) or be a secret.
 */
export function childEnvironment(
  kind: ChildKind,
  shell: ShellEnvironment = process.env,
): Record<string, string> {
  const names = [...EVERY_CHILD, ...NEEDS[kind], ...ofAws(kind, shell), ...passedNames(shell)]
  const taken = names.flatMap((name) => {
    const value = shell[name]
    return value ? [[name, value] as const] : []
  })
  return { ...FIXED, ...Object.fromEntries(taken) }
}

/** Amazon's client has dozens of variables: keys, a profile, a role and how it is taken. */
const ofAws = (kind: ChildKind, shell: ShellEnvironment): string[] =>
  kind === 's3' ? Object.keys(shell).filter((name) => name.startsWith('AWS_')) : []

// Java and Python take the encoding of file names from the locale, and Java also how `toUpperCase` works: in Turkish it
// turns "classic" into a word that Kafka does not know. Logs are in UTC on both runtimes.
const FIXED = { LC_ALL: 'C.UTF-8', LANG: 'C.UTF-8', TZ: 'UTC' }

/** The names in CPU_ANOMALY_PASS_ENV that pass nothing on: the shell has no such variable, or an empty one. */
export const namesOfNothing = (shell: ShellEnvironment): string[] =>
  passedNames(shell).filter((name) => !shell[name])

const passedNames = (shell: ShellEnvironment): string[] =>
  (shell[PASS_ENV] ?? '').split(',').flatMap((name) => name.trim() || [])
