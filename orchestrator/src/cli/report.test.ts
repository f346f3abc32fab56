import { stripVTControlCharacters } from 'node:util'
import { CommanderError } from 'commander'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { CliError } from '../errors.ts'
import { exitCodeOf, printError } from './report.ts'

afterEach(() => void vi.restoreAllMocks())

/** The lines that `printError` writes to stderr, and the errors that it shows with their stacks. */
function printed(error: unknown, debug = false): { lines: string[]; stacks: unknown[] } {
  let text = ''
  const stacks: unknown[] = []
  vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    text += String(chunk)
    return true
  })
  vi.spyOn(console, 'error').mockImplementation((shown) => void stacks.push(shown))
  printError(error, debug)
  return { lines: stripVTControlCharacters(text).split('\n').slice(0, -1), stacks }
}

const failure = new CliError('STORAGE', 'first\nsecond \u001b[2J', {
  details: ['evidence'],
  hint: 'way\nout',
})

const TOO_MANY = Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' })

const NO_ACCESS = Object.assign(new Error("EACCES: permission denied, open '/a/runtime.json'"), {
  code: 'EACCES',
  syscall: 'open',
  path: '/a/runtime.json',
})

describe('printError', () => {
  it('prints message, evidence and hint of a CliError, escaped and without its stack', () => {
    expect(printed(failure)).toEqual({
      lines: ['error: first', 'error: second \\x1b[2J', '  │ evidence', '→ way', '→ out'],
      stacks: [],
    })
  })

  it('adds the stack with --debug', () => {
    expect(printed(failure, true).stacks).toEqual([failure])
  })

  it('names the address for bug reports for any other error, with its stack', () => {
    const bug = new TypeError('x is not a function')
    expect(printed(bug)).toEqual({
      lines: [
        'This is a bug in cpu-anomaly. Please report it at https://github.com/cpu-anomaly/cpu-anomaly/issues with the lines below.',
      ],
      stacks: [bug],
    })
  })

  it('names the limit of open files, instead of a bug, when it is reached', () => {
    const { lines, stacks } = printed(TOO_MANY)
    expect(lines).toEqual([
      expect.stringMatching(/^error: too many open files for this process, whose limit is (?:\d+|Infinity)$/),
      expect.stringContaining('ulimit -n 1024'),
    ])
    expect(stacks).toEqual([])
  })

  it.each([
    [64, 6],
    [1_024, 1],
  ])('takes a module that cannot be found at the limit %i for exit code %i', (soft, exitCode) => {
    const report = { userLimits: { open_files: { soft } } }
    vi.spyOn(process.report, 'getReport').mockReturnValue(report)
    const error = Object.assign(new Error("Cannot find package 'ora'"), { code: 'ERR_MODULE_NOT_FOUND' })
    expect(exitCodeOf(error)).toBe(exitCode)
  })

  it('names the file of a disk error, instead of a bug', () => {
    const { lines, stacks } = printed(NO_ACCESS)
    expect(lines[0]).toBe("error: EACCES: permission denied, open '/a/runtime.json'")
    expect(stacks).toEqual([])
  })

  it('leaves the errors of commander to commander', () => {
    expect(printed(new CommanderError(1, 'commander.unknownOption', 'unknown option'))).toEqual({
      lines: [],
      stacks: [],
    })
  })
})

describe('exitCodeOf', () => {
  it.each([
    ['help', 0, new CommanderError(0, 'commander.help', '')],
    ['a usage error', 2, new CommanderError(1, 'commander.unknownOption', '')],
    ['a CliError', 6, failure],
    ['too many open files', 6, TOO_MANY],
    ['a file of another user', 6, NO_ACCESS],
    ['a bug', 1, new TypeError()],
  ])('of %s is %i', (_, code, error) => {
    expect(exitCodeOf(error)).toBe(code)
  })
})
