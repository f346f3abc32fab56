import { CliError } from '../errors.ts'
import type { KafkaAccess } from './access.ts'
import { type ListenerOptions, startListener } from './listener.fixture.ts'
import { reachChecks } from './reach.ts'

const TOPICS = { input: 'in', output: 'out', deadLetter: 'dead', inputPartitions: 1, retentionMs: 1 }
export const [READ, WRITE] = [1 << 3, 1 << 4]
const DESCRIBE_CONFIGS = 1 << 10
export const rights = (input: number, output: number, deadLetter: number) => ({
  in: { operations: input | DESCRIBE_CONFIGS },
  out: { operations: output | DESCRIBE_CONFIGS },
  dead: { operations: deadLetter | DESCRIBE_CONFIGS },
})
export const ENOUGH = rights(READ, WRITE, WRITE)
export const plain = (...servers: readonly string[]): KafkaAccess => ({
  servers,
  securityProtocol: 'PLAINTEXT',
  sasl: undefined,
  ssl: {},
})
export const serverOf = async (options: ListenerOptions = { topics: ENOUGH }) =>
  `localhost:${await startListener(options)}`

/** What each check found, by its title; of one that failed, its code, message and hint. */
export async function examine(access: KafkaAccess): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const { title, run } of reachChecks(access, TOPICS)) {
    found[title.replace('Kafka: ', '')] = await run(new AbortController().signal).catch((error: unknown) => {
      if (!(error instanceof CliError)) throw error
      return `${error.code} ${error.message} -> ${error.hint}`
    })
  }
  return found
}
