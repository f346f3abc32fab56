import { describe, expect, it } from 'vitest'
import { startLineProcess } from './line-process.ts'
import { startToken } from './process-identity.ts'

const shell = (script: string) => ['sh', ['-c', script]] as const
const PATH = process.env.PATH ?? ''

describe('startLineProcess', () => {
  async function start(script: string) {
    const lines: string[] = []
    const errors: string[] = []
    const { pid, send, exited } = await startLineProcess(shell(script), {
      cwd: '/',
      env: { PATH },
      onLine: (line) => lines.push(line),
      onStderrLine: (line) => errors.push(line),
    })
    return { pid, send, exited, lines, errors }
  }

  it('exchanges lines with a program, and keeps its two streams apart', async () => {
    const { send, exited, lines, errors } = await start(
      'read a; echo "got $a"; echo oops >&2; read b; echo "$b"',
    )
    send('one')
    send('two')
    expect(await exited).toBe(0)
    expect(lines).toEqual(['got one', 'two'])
    expect(errors).toEqual(['oops'])
  })

  it.each([
    ['its exit code', 'exit 3', 3],
    ['no exit code after a signal', 'kill -9 $$', undefined],
  ])('ends with %s', async (_, script, expected) => {
    const { exited } = await start(script)
    expect(await exited).toBe(expected)
  })

  it('passes on every line, even the last ones of a program that exits at once', async () => {
    const { exited, lines } = await start('seq 2000')
    await exited
    expect(lines).toHaveLength(2_000)
    expect(lines.at(-1)).toBe('2000')
  })

  it('ignores lines to a program that has exited', async () => {
    const { send, exited } = await start('exit 0')
    await exited
    send('one')
    send('two')
  })

  it('starts a process group of its own', async () => {
    const { pid, exited, lines } = await start('ps -o pgid= -p $$')
    await exited
    expect(Number(lines[0])).toBe(pid)
    expect(await startToken(pid)).toBeUndefined()
  })

  it('fails when the program is missing', async () => {
    const options = { cwd: '/', env: { PATH }, onLine: expect.fail, onStderrLine: expect.fail }
    const starting = startLineProcess(['cpu-anomaly-no-such-program', []], options)
    await expect(starting).rejects.toMatchObject({ code: 'TOOL_MISSING' })
  })
})
