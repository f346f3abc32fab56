import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { CliError } from '../errors.ts'
import { newFolder } from '../system/folder.fixture.ts'
import type { Config } from './config.ts'
import { loadConfig } from './load.ts'

export interface Input {
  /** Text (or bytes) of `.env`; undefined: there is none. */
  readonly env?: string | Uint8Array
  readonly set?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

interface Loaded {
  readonly config: Config
  readonly warnings: readonly string[]
}

/** Text that must never be executed, wherever it ends up. */
export const INJECTION = `"; __import__('os').system('touch pwned') #`
export const SHELL_VARIABLE = '$' + '{PATH}'

/** Settings that a query in micro-batches on the local runtime does not use, and the warnings of that. */
export const UNUSED = { SPARK_WORKERS: '2', CHECKPOINT_INTERVAL: '10 s' }
export const UNUSED_WARNINGS = [
  'SPARK_WORKERS has no effect on the local runtime',
  'CHECKPOINT_INTERVAL has no effect in micro-batch mode',
]

export async function load({ env, set = [], environment = {} }: Input, folder?: string): Promise<Loaded> {
  const where = folder ?? (await newFolder())
  if (env !== undefined) await writeFile(join(where, '.env'), env, { mode: 0o600 })
  const warnings: string[] = []
  const warn = (line: string) => void warnings.push(line)
  const config = await loadConfig({ folder: where, envFile: undefined, overrides: set, environment, warn })
  return { config, warnings }
}

/** The configuration of a new folder with these settings (`KEY=value`); the others have their defaults. */
export const configWith = async (set: readonly string[] = []): Promise<Config> => (await load({ set })).config

/** The CliError with which loading fails. */
export async function refusal(loading: Promise<unknown>): Promise<CliError> {
  const outcome = await loading.then(
    () => new Error('the configuration was accepted'),
    (error: unknown) => error,
  )
  if (outcome instanceof CliError) return outcome
  throw outcome
}

export const problemsOf = async (input: Input, folder?: string): Promise<string[]> =>
  (await refusal(load(input, folder))).message.split('\n')

/** A line of `.env`, or `--set KEY=value`; then the start of its only problem, what is wrong and how to fix it. */
export type RefusedLine = readonly [line: string, start: string, what: string, how: string]

const asInput = (line: string): Input =>
  line.startsWith('--set ') ? { set: [line.slice('--set '.length)] } : { env: `${line}\n` }

/** The line is refused with one problem in one line, and nothing is written. */
export async function expectRefused(...[line, start, what, how]: RefusedLine): Promise<void> {
  const folder = await newFolder()
  const input = asInput(line)
  const error = await refusal(load(input, folder))
  const problems = error.message.split('\n')
  expect(problems).toHaveLength(1)
  expect(problems[0]?.slice(0, start.length)).toBe(start)
  expect(problems[0]).toContain(what)
  expect(problems[0]).toMatch(/; \S/)
  expect(problems[0]).toContain(how)
  expect(problems[0]).not.toContain('hush')
  expect(error).toMatchObject({ code: 'CONFIGURATION', exitCode: 2 })
  expect(await readdir(folder)).toEqual(input.env === undefined ? [] : ['.env'])
}

/** What is unusual about the input, the input, and the part of the config that results from it. */
export type AcceptedInput = readonly [title: string, input: Input, expected: object]

/** The input is accepted without a warning. */
export async function expectAccepted(...[, input, expected]: AcceptedInput): Promise<void> {
  const { config, warnings } = await load(input)
  expect(config).toMatchObject(expected)
  expect(warnings).toEqual([])
}
