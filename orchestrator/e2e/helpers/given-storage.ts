import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { freeRange } from './free-range.ts'
import { packageRoot } from './stack.ts'

/** S3 keeps no secret of its own here, so that one that is found is the tool's. */
export const S3_SECRET = 'canary-of-the-key-of-s3'

/** How a file system is started, and how a folder uses it. */
interface Kind {
  readonly script: string
  readonly portVariable: string
  /** Offsets from its first port. */
  readonly ports: readonly number[]
  readonly checkpoint: (port: number) => string
  readonly settings: (port: number) => Readonly<Record<string, string>>
}

const KINDS = {
  s3: {
    script: 's3.sh',
    portVariable: 'S3_PORT',
    ports: [0],
    checkpoint: () => 's3a://cpu-anomaly',
    settings: (port) =>
      Object.fromEntries(
        Object.entries({
          endpoint: `http://127.0.0.1:${port}`,
          'path.style.access': 'true',
          'connection.ssl.enabled': 'false',
          'endpoint.region': 'us-east-1',
          'access.key': 'tool',
          'secret.key': S3_SECRET,
        }).map(([name, value]) => [`SPARK_CONF_spark.hadoop.fs.s3a.${name}`, value]),
      ),
  },
  hdfs: {
    script: 'yarn-mini.sh',
    portVariable: 'YARN_PORT',
    ports: [0, 1, 2, 3, 4, 10, 11, 12, 13, 14, 21, 31, 41],
    checkpoint: (port) => `hdfs://127.0.0.1:${port}`,
    settings: () => ({}),
  },
} as const satisfies Readonly<Record<string, Kind>>

const scripts = join(packageRoot, '..', 'shared', 'clusters')

/** The file systems come from scripts beside this folder, which may be missing. */
export const hasGivenStorage = (kind: keyof typeof KINDS): boolean =>
  existsSync(join(scripts, KINDS[kind].script))

/** A file system that somebody else runs. */
export class GivenStorage {
  private readonly kind: Kind
  private readonly folder: string
  private readonly port: number

  private constructor(kind: Kind, folder: string, port: number) {
    this.kind = kind
    this.folder = folder
    this.port = port
  }

  static async start(name: keyof typeof KINDS): Promise<GivenStorage> {
    const kind: Kind = KINDS[name]
    const folder = await mkdtemp(join(tmpdir(), 'cpu-anomaly-given-'))
    const storage = new GivenStorage(kind, folder, await freeRange(kind.ports))
    await storage.run('up')
    return storage
  }

  /** For a checkpoint of this name. */
  settings(name: string): Record<string, string> {
    return {
      CHECKPOINT_LOCATION: `${this.kind.checkpoint(this.port)}/${name}`,
      ...this.kind.settings(this.port),
    }
  }

  async remove(): Promise<void> {
    await this.run('down')
    await rm(this.folder, { recursive: true, force: true })
  }

  private async run(command: string): Promise<void> {
    await execa('bash', [join(scripts, this.kind.script), command, this.folder], {
      env: { [this.kind.portVariable]: String(this.port) },
    })
  }
}
