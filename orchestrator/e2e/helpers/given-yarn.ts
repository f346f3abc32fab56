import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { vi } from 'vitest'
import { cacheFolder } from './cache-folder.ts'
import { freeRange } from './free-range.ts'
import { packageRoot } from './stack.ts'

const script = join(packageRoot, '..', 'shared', 'clusters', 'yarn-mini.sh')

/** The cluster comes from a script beside this folder, which may be missing. */
export const hasGivenYarn = existsSync(script)

/** Offsets from its first port: HDFS, the ResourceManager, and the NodeManager. */
const PORTS = [0, 1, 2, 3, 4, 10, 11, 12, 13, 14, 21, 31, 41, 51]
const RESOURCE_MANAGER = 14

/** YARN with a node of four cores, and HDFS, that somebody else runs. */
export class GivenYarn {
  readonly folder: string
  private readonly port: number

  private constructor(folder: string, port: number) {
    this.folder = folder
    this.port = port
  }

  /** Commands of the test find it as those of a user do: by HADOOP_CONF_DIR. */
  static async start(): Promise<GivenYarn> {
    const folder = await mkdtemp(join(tmpdir(), 'cpu-anomaly-given-'))
    const yarn = new GivenYarn(folder, await freeRange(PORTS))
    await yarn.run('up')
    vi.stubEnv('HADOOP_CONF_DIR', join(folder, 'conf'))
    return yarn
  }

  /** The job's executors fit beside its driver. */
  async settings(): Promise<Record<string, string>> {
    return {
      SPARK_MASTER: 'yarn',
      SPARK_WORKER_MEMORY: '512m',
      // Nodes on this machine need no copy of Spark, which takes half a minute for each driver.
      'SPARK_CONF_spark.yarn.jars': `local:${await sparkJars()}/*`,
    }
  }

  get hdfs(): string {
    return `hdfs://127.0.0.1:${this.port}`
  }

  get web(): string {
    return `http://127.0.0.1:${this.port + RESOURCE_MANAGER}`
  }

  /** The states of the applications that it has had, by their ids. */
  async applications(): Promise<Record<string, string>> {
    const response = await fetch(`${this.web}/ws/v1/cluster/apps`)
    const { apps } = (await response.json()) as { apps: { app?: { id: string; state: string }[] } | null }
    return Object.fromEntries((apps?.app ?? []).map(({ id, state }) => [id, state]))
  }

  /** Kills the JVM in which the driver of an application runs. */
  async killMaster(application: string): Promise<void> {
    const pids = (await readdir('/proc')).map(Number).filter(Number.isInteger)
    const lines = await Promise.all(
      pids.map(async (pid) => [pid, await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')] as const),
    )
    const masters = lines.filter(
      ([, line]) =>
        /^[^\0]*java\0/.test(line) &&
        line.includes(application) &&
        line.includes('\0org.apache.spark.deploy.yarn.ApplicationMaster\0'),
    )
    if (masters.length !== 1)
      throw new Error(`${masters.length} processes are the application master of ${application}`)
    for (const [pid] of masters) process.kill(pid, 'SIGKILL')
  }

  async remove(): Promise<void> {
    await this.run('down')
    await rm(this.folder, { recursive: true, force: true })
  }

  private async run(command: string): Promise<void> {
    await execa('bash', [script, command, this.folder], {
      env: { YARN_PORT: String(this.port), NODE_MEMORY: '4096' },
    })
  }
}

/** Of the Spark that this tool has installed, which `up` of an earlier stack does. */
async function sparkJars(): Promise<string> {
  for (const install of await readdir(cacheFolder)) {
    const lib = join(cacheFolder, install, 'lib')
    const [python] = install.startsWith('spark-') && existsSync(lib) ? await readdir(lib) : []
    if (python) return join(lib, python, 'site-packages', 'pyspark', 'jars')
  }
  throw new Error(`Spark is not installed in ${cacheFolder}`)
}
