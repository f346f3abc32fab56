import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { freeRange } from './free-range.ts'
import { printedSettings } from './printed-settings.ts'
import { packageRoot } from './stack.ts'

const script = join(packageRoot, '..', 'shared', 'clusters', 'spark-standalone.sh')

/** The cluster comes from a script beside this folder, which may be missing. */
export const hasGivenSpark = existsSync(script)

const WORKERS = 3
/** Offsets from its first port: the master, its UI, and of each worker its own port and that of its UI. */
const PORTS = [0, 1, 11, 12, 13, 21, 22, 23]

/** A standalone cluster that somebody else runs: a master and three workers of one core, which share a secret. */
export class GivenSpark {
  private readonly folder: string
  private readonly port: number

  private constructor(folder: string, port: number) {
    this.folder = folder
    this.port = port
  }

  static async start(): Promise<GivenSpark> {
    const folder = await mkdtemp(join(tmpdir(), 'cpu-anomaly-given-'))
    const spark = new GivenSpark(folder, await freeRange(PORTS))
    await spark.run('up')
    return spark
  }

  /** As the script prints them for `.env`. */
  async settings(): Promise<Record<string, string>> {
    const own = await printedSettings(join(this.folder, 'env.spark'))
    return { ...own, SPARK_MASTER_UI_PORT: String(this.port + 1), SPARK_CORES: String(WORKERS) }
  }

  /** Kills a worker and its executor. */
  async killWorker(number: number): Promise<void> {
    await this.run('kill', `worker-${number}`)
  }

  async reviveWorker(number: number): Promise<void> {
    await this.run('revive', `worker-${number}`)
  }

  async remove(): Promise<void> {
    await this.run('down')
    await rm(this.folder, { recursive: true, force: true })
  }

  private async run(command: string, ...args: readonly string[]): Promise<void> {
    await execa('bash', [script, command, this.folder, ...args], {
      env: { SPARK_STANDALONE_PORT: String(this.port), WORKERS: String(WORKERS), WORKER_CORES: '1' },
    })
  }
}
