import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { vi } from 'vitest'
import { cacheFolder } from './cache-folder.ts'
import { freeRange } from './free-range.ts'
import { GivenStorage, hasGivenStorage } from './given-storage.ts'
import type { Elsewhere } from './no-secret.ts'
import { packageRoot } from './stack.ts'
import { NAMESPACE, onOneMachine, TestKubernetes } from './test-kubernetes.ts'

const script = join(packageRoot, '..', 'shared', 'clusters', 'k8s.sh')

/** The cluster comes from a script beside this folder; it needs an engine to make its images, and root. */
export const hasGivenKubernetes = async (): Promise<boolean> =>
  existsSync(script) &&
  hasGivenStorage('s3') &&
  process.getuid?.() === 0 &&
  (
    await Promise.all([
      works('docker', 'version'),
      works('containerd', '--version'),
      works('kubectl', 'version', '--client'),
    ])
  ).every(Boolean)

const works = async (program: string, ...args: string[]): Promise<boolean> =>
  (await execa(program, args, { reject: false })).exitCode === 0

/** API server, etcd and the others have ports one after the other. */
const PORTS = [0, 1, 2, 3, 4, 5]

/** What the script calls its image: Spark's with the entrypoint of the official one, and the connector. */
const SCRIPT_IMAGE = 'foreign/spark-k8s:1'
/** With the client of S3, because pods may not trust the certificate by which this machine reaches a repository. */
const IMAGE = 'cpu-anomaly-e2e-spark:1'

/** An account of the namespace that may do nothing. */
const USER = 'newcomer'

/** Kubernetes itself, with one node, and S3. Its pods use the network of this machine, where broker and S3 are. */
export class GivenKubernetes extends TestKubernetes {
  readonly #folder: string
  readonly #port: number
  readonly #storage: GivenStorage

  private constructor(folder: string, port: number, storage: GivenStorage) {
    super()
    this.#folder = folder
    this.#port = port
    this.#storage = storage
  }

  /** The first start on a machine builds it, which takes a quarter of an hour. */
  static async start(): Promise<GivenKubernetes> {
    const folder = await mkdtemp(join(tmpdir(), 'cpu-anomaly-given-'))
    const storage = await GivenStorage.start('s3')
    const given = new GivenKubernetes(folder, await freeRange(PORTS), storage)
    await given.#run('up')
    await given.#run('spark-image')
    await buildImage()
    await given.#run('image', IMAGE)
    vi.stubEnv('KUBECONFIG', given.#admin)
    return given
  }

  async settings(): Promise<Record<string, string>> {
    const template = join(this.#folder, 'conf', 'pod.yaml')
    return {
      ...(await onOneMachine()),
      ...this.#storage.settings(`job-${process.hrtime.bigint()}`),
      SPARK_MASTER: `k8s://${this.#api}`,
      SPARK_IMAGE: IMAGE,
      'SPARK_CONF_spark.kubernetes.driver.master': this.#api,
      'SPARK_CONF_spark.kubernetes.driver.podTemplateFile': template,
      'SPARK_CONF_spark.kubernetes.executor.podTemplateFile': template,
      // So that all of them fit on two cores.
      'SPARK_CONF_spark.kubernetes.driver.request.cores': '100m',
      'SPARK_CONF_spark.kubernetes.executor.request.cores': '100m',
    }
  }

  async deletePod(name: string): Promise<void> {
    await this.kubectl('delete', 'pod', name, '--grace-period=0', '--force')
  }

  get elsewhere(): Elsewhere {
    return { folder: join(this.#folder, 'kubelet'), isPrivate: /\/kubernetes\.io~secret\//, readers: 'group' }
  }

  async logs(): Promise<string> {
    const all = ['--all-containers', '--tail=-1', '--selector=app.kubernetes.io/name=cpu-anomaly']
    return this.kubectl('logs', ...all)
  }

  /** From now on, commands of the test log in as a user without any rights. */
  async becomeNewcomer(): Promise<void> {
    await this.kubectl('create', 'serviceaccount', USER)
    const token = await this.kubectl('create', 'token', USER)
    const file = join(this.#folder, 'newcomer.kubeconfig')
    await writeFile(file, kubeconfig(this.#api, join(this.#folder, 'pki', 'ca.pem'), token), { mode: 0o600 })
    vi.stubEnv('KUBECONFIG', file)
  }

  /** Does what an administrator does with commands that were printed for them. */
  async paste(commands: string): Promise<void> {
    const forUser = commands.replaceAll('--user=USER', `--serviceaccount=${NAMESPACE}:${USER}`)
    await execa('bash', ['-euc', forUser], { env: { KUBECONFIG: this.#admin } })
  }

  /** As the administrator. */
  async kubectl(...args: readonly string[]): Promise<string> {
    const { stdout } = await this.#run('kubectl', '-n', NAMESPACE, ...args)
    return stdout
  }

  async remove(): Promise<void> {
    await this.#run('down', '--data')
    await this.#storage.remove()
    await rm(this.#folder, { recursive: true, force: true })
  }

  protected async list(resource: string): Promise<unknown> {
    return JSON.parse(await this.kubectl('get', resource, '-o', 'json'))
  }

  get #api(): string {
    return `https://127.0.0.1:${this.#port}`
  }

  get #admin(): string {
    return join(this.#folder, 'pki', 'admin.kubeconfig')
  }

  #run(command: string, ...args: readonly string[]) {
    return execa('bash', [script, command, this.#folder, ...args], { env: { K8S_PORT: String(this.#port) } })
  }
}

/** `up` of an earlier stack has fetched the jars. */
async function buildImage(): Promise<void> {
  const jars = join(cacheFolder, 'jars')
  const client = (await readdir(jars)).find((name) => name.startsWith('s3a-'))
  if (client === undefined) throw new Error(`the client of S3 is not in ${jars}`)
  const dockerfile = `FROM ${SCRIPT_IMAGE}\nCOPY . /opt/spark/jars/\n`
  const args = ['build', '-q', '-t', IMAGE, '-f', '-', join(jars, client)]
  await execa('docker', args, { input: dockerfile, env: { DOCKER_BUILDKIT: '0' } })
}

const kubeconfig = (server: string, authority: string, token: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'given', cluster: { server, 'certificate-authority': authority } }],
    users: [{ name: USER, user: { token } }],
    contexts: [{ name: 'given', context: { cluster: 'given', user: USER } }],
    'current-context': 'given',
  })
