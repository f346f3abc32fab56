import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect } from 'vitest'
import { freeRange } from './free-range.ts'
import { printedSettings } from './printed-settings.ts'
import { packageRoot, type Stack, type Topics } from './stack.ts'

const script = join(packageRoot, '..', 'shared', 'clusters', 'kafka-secure.sh')

/** The cluster comes from a script beside this folder, which may be missing. */
export const hasGivenKafka = existsSync(script)

/** Offsets from its first port: of the clients' two listeners, the brokers' own, and the controllers'. */
const PORTS = [1, 2, 3, 11, 12, 13, 21, 22, 23, 31, 32, 33]

const TOOLS: Readonly<Record<string, string>> = {
  'kafka-topics.sh': 'org.apache.kafka.tools.TopicCommand',
  'kafka-acls.sh': 'org.apache.kafka.tools.AclCommand',
  'kafka-consumer-groups.sh': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
}

/** `scram`, `mtls`, `mtls-password`: the job's user, who has few rights; `feeder`: one who writes the input. */
export type Client = 'scram' | 'mtls' | 'mtls-password' | 'feeder'

/** A cluster of three brokers that somebody else runs: TLS, logins, client certificates and rights; no topic is created unasked. */
export class GivenKafka {
  readonly folder: string
  private readonly port: number

  private constructor(folder: string, port: number) {
    this.folder = folder
    this.port = port
  }

  static async start(): Promise<GivenKafka> {
    const folder = await mkdtemp(join(tmpdir(), 'cpu-anomaly-given-'))
    const kafka = new GivenKafka(folder, await freeRange(PORTS))
    await kafka.run('up')
    return kafka
  }

  async remove(): Promise<void> {
    await this.run('down')
    await rm(this.folder, { recursive: true, force: true })
  }

  /** Where a super user needs neither TLS nor a login. */
  get internal(): string {
    return [21, 22, 23].map((offset) => `127.0.0.1:${this.port + offset}`).join(',')
  }

  /** The settings of a user, as they are written in `.env`. */
  settings(client: Client): Promise<Record<string, string>> {
    return printedSettings(join(this.folder, `env.${client}`))
  }

  get tls(): string {
    return join(this.folder, 'tls')
  }

  /** A line of the client's key, as it stands in the file without a password. */
  async keyLine(): Promise<string> {
    const key = await readFile(join(this.tls, 'client.key'), 'utf8')
    return key.split('\n')[1] ?? expect.fail('there is no key')
  }

  /** Pastes what `up` prints for an administrator; then it works. */
  async letUp(stack: Stack): Promise<void> {
    const refused = await stack.cli(['up'])
    expect(refused).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('may not create them') })
    // This cluster maps the names of certificates, as the printed comment says.
    await this.paste(refused.stdout.replaceAll('User:O=Foreign,CN=anomaly-tool', 'User:anomaly-tool'))
    await stack.ok('up')
  }

  /** Runs commands of Kafka's own tools as an administrator would who pasted them. */
  async paste(commands: string): Promise<string> {
    const outputs: string[] = []
    for (const line of commands.split('\n').filter((each) => each.trim() !== '' && !each.startsWith('#'))) {
      // A shell takes the words apart. The administrator's own listener needs no login.
      const { stdout } = await execa('bash', ['-c', `printf '%s\\0' ${line}`])
      const [tool = '', ...words] = stdout.split('\0').slice(0, -1)
      const at = words.indexOf('--bootstrap-server')
      outputs.push(await this.run('tool', TOOLS[tool] ?? tool, ...words.slice(0, at), ...words.slice(at + 4)))
    }
    return outputs.join('\n')
  }

  /** Lets the feeder, who is not the job's user, write and read these topics. */
  async letFeed({ input, output, deadLetter }: Topics): Promise<void> {
    const allow =
      'kafka-acls.sh --bootstrap-server x --command-config x --add --allow-principal User:anomaly-feeder'
    await this.paste(
      `${allow} --operation Write --operation Read --operation Describe --topic ${input} --topic ${output} --topic ${deadLetter}`,
    )
  }

  /** Kills a broker, without a word to the others. */
  async kill(node: number): Promise<void> {
    await this.run('kill', String(node))
  }

  async revive(node: number): Promise<void> {
    await this.run('revive', String(node))
  }

  /** Makes a broker the leader of a partition. */
  async lead(topic: string, partition: number, node: number): Promise<void> {
    await this.run('lead', topic, String(partition), String(node))
  }

  private async run(command: string, ...args: readonly string[]): Promise<string> {
    const { stdout } = await execa('bash', [script, command, this.folder, ...args], {
      env: { KAFKA_SECURE_PORT: String(this.port) },
    })
    return stdout
  }
}
