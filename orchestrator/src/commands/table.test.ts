import { describe, expect, it } from 'vitest'
import { exitCodeOf } from '../cli/report.ts'
import { buildProgram } from '../program.ts'
import { COMMANDS } from './table.ts'

/** Parses a command line as `main` does, but runs nothing; returns the name of the command. */
async function parse(line: string): Promise<string> {
  let name = ''
  const program = buildProgram(new AbortController().signal)
  program.configureOutput({ writeErr: () => undefined })
  for (const command of program.commands) {
    command.configureOutput({ writeErr: () => undefined })
    command.action(() => {
      name = command.name()
    })
  }
  await program.parseAsync(line.split(' '), { from: 'user' })
  return name
}

describe('the table of commands', () => {
  it('names each command once', () => {
    const names = COMMANDS.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })

  it.each(COMMANDS.map(({ name, load }) => [name, load] as const))('%s has code to load', async (_, load) => {
    expect((await load()).run).toBeTypeOf('function')
  })

  it.each(COMMANDS.flatMap(({ name, examples }) => examples.map((example) => [name, example] as const)))(
    '%s accepts its own example: %s',
    async (name, example) => {
      expect(await parse(example.replace(/^.*cpu-anomaly /, ''))).toBe(name)
    },
  )

  it.each([
    'up --workers 0',
    'submit --timeout-seconds 1.5',
    'submit --timeout-seconds 86401',
    'tail --limit 0',
    'produce --batch 1001',
    'produce --rate -5',
    'logs -n few',
    'bench --rate 0',
    'tail anomaly more',
    'down --force',
  ])('refuses %j as a mistake in usage', async (line) => {
    expect(exitCodeOf(await parse(line).catch((error: unknown) => error))).toBe(2)
  })
})
