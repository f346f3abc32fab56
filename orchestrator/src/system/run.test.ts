import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { newFolder } from './folder.fixture.ts'
import { lastLines, run, spawnDetached, tryRun } from './run.ts'
import { arrived, notYet, waitUntil } from './wait.ts'

const shell = (script: string) => ['sh', ['-c', script]] as const
const PATH = process.env.PATH ?? ''

describe('run', () => {
  it('returns what the program printed, and passes its arguments unchanged', async () => {
    const nasty = '$(id) `id` "; exit 1; * \\'
    const result = await run(['sh', ['-c', 'printf %s "$1"; printf err >&2', 'sh', nasty]])
    expect(result).toEqual({ exitCode: 0, stdout: nasty, stderr: 'err' })
  })

  it('calls onLine with each line of both streams as it arrives', async () => {
    const lines: string[] = []
    await run(shell('echo a; echo b >&2; echo c'), { onLine: (line) => lines.push(line) })
    expect(lines.toSorted()).toEqual(['a', 'b', 'c'])
  })

  it('calls onLine with a last line without a line end', async () => {
    const lines: string[] = []
    await run(shell('echo a; printf b'), { onLine: (line) => lines.push(line) })
    expect(lines).toEqual(['a', 'b'])
  })

  it('runs in the given folder, with the given environment', async () => {
    const cwd = await newFolder()
    const { stdout } = await run(shell('echo $PWD $COLOUR'), { cwd, env: { COLOUR: 'red' } })
    expect(stdout).toBe(`${cwd} red`)
  })

  it.each([
    ['without an environment of its own', {}],
    ['with one', { env: { PATH } }],
  ])('keeps the variables of the shell from the program: %s', async (_, options) => {
    vi.stubEnv('KAFKA_PASSWORD', 'secret')
    onTestFinished(() => void vi.unstubAllEnvs())
    expect((await run(['env', []], options)).stdout).not.toContain('KAFKA_PASSWORD')
  })

  it('gives the program an empty standard input', async () => {
    expect(await run(['cat', []])).toMatchObject({ stdout: '' })
  })

  it.each([
    ['fails', shell('echo why >&2; exit 3'), {}, /^sh .*\b3\b/],
    [
      'is not installed',
      ['cpu-anomaly-no-such-program', []],
      {},
      /^cpu-anomaly-no-such-program .*not installed/,
    ],
    ['does not end in time', ['sleep', ['60']], { timeoutMs: 50 }, /^sleep .*0\.05 s/],
    ['is killed', shell('kill -9 $$'), {}, /^sh .*SIGKILL/],
  ] as const)('describes the failure when the program %s', async (_, command, options, message) => {
    await expect(run(command, options)).rejects.toMatchObject({
      code: 'TOOL_MISSING',
      message: expect.stringMatching(message),
    })
  })

  it('fails with the code and the hint of the caller, and the last 15 lines of the output', async () => {
    const failing = run(shell('for i in $(seq 20); do echo $i; echo; done; exit 1'), {
      failAs: 'STORAGE',
      hint: 'Check the disk.',
      onLine: () => undefined,
    })
    await expect(failing).rejects.toMatchObject({
      code: 'STORAGE',
      hint: 'Check the disk.',
      details: Array.from({ length: 15 }, (_, index) => String(index + 6)),
    })
  })

  it("ends the program when the signal aborts, and rejects with the signal's reason", async () => {
    const controller = new AbortController()
    const reason = new Error('interrupted by SIGINT')
    const onLine = () => controller.abort(reason)
    const running = run(shell('echo started; exec sleep 60'), { signal: controller.signal, onLine })
    await expect(running).rejects.toBe(reason)
  })
})

describe('tryRun', () => {
  it('returns undefined for a program that fails or is missing', async () => {
    expect(await tryRun(shell('echo yes'))).toMatchObject({ stdout: 'yes' })
    expect(await tryRun(shell('exit 1'))).toBeUndefined()
    expect(await tryRun(['cpu-anomaly-no-such-program', []])).toBeUndefined()
  })

  it('does not take a program for missing that is only slow', async () => {
    await expect(tryRun(['sleep', ['60']], { timeoutMs: 20 })).rejects.toMatchObject({
      code: 'TOOL_MISSING',
      message: 'sleep did not finish within 0.02 s',
      hint: expect.stringContaining('`sleep 60`'),
    })
  })

  it('rejects when it is interrupted', async () => {
    const reason = new Error('interrupted by SIGINT')
    const running = tryRun(['sleep', ['60']], { signal: AbortSignal.abort(reason) })
    await expect(running).rejects.toBe(reason)
  })
})

describe('lastLines', () => {
  it.each([
    ['', []],
    ['a\n\n \nb\n', ['a', 'b']],
    ['a\nb\nc\nd', ['b', 'c', 'd']],
  ])('of %j', (text, expected) => {
    expect(lastLines(text, 3)).toEqual(expected)
  })
})

describe('spawnDetached', () => {
  const options = async () => {
    const cwd = await newFolder()
    return { cwd, env: { PATH, COLOUR: 'red' }, logFile: join(cwd, 'program.log') }
  }
  const untilLogged = (file: string, end: string) =>
    waitUntil(
      'the log',
      async () => {
        const text = await readFile(file, 'utf8')
        return text.endsWith(end) ? arrived(text) : notYet(text)
      },
      { timeoutMs: 5_000, intervalMs: 5 },
    )

  it('starts a program in a session of its own, with only the given environment', async () => {
    const given = await options()
    const pid = await spawnDetached(shell('ps -o pgid= -p $$; echo $COLOUR-$HOME-; echo end >&2'), given)
    const [group, environment] = (await untilLogged(given.logFile, 'end\n')).split('\n')
    expect(Number(group)).toBe(pid)
    expect(environment).toBe('red--')
  })

  it('appends to the log', async () => {
    const given = await options()
    await spawnDetached(shell('echo one'), given)
    await untilLogged(given.logFile, 'one\n')
    await spawnDetached(shell('echo two'), given)
    expect(await untilLogged(given.logFile, 'two\n')).toBe('one\ntwo\n')
  })

  it('fails when the program is missing', async () => {
    const starting = spawnDetached(['cpu-anomaly-no-such-program', []], await options())
    await expect(starting).rejects.toMatchObject({ code: 'TOOL_MISSING' })
  })
})
