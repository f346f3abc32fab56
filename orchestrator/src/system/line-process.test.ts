import { describe, expect, it } from 'vitest'
import { startLineProcess } from './line-process.ts'
import { startToken } from './process-identity.ts'
import { arrived, notYet, waitUntil } from './wait.ts'

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
    const { exited, lines } = await start('seq 50000')
    await exited
    expect(lines).toHaveLength(50_000)
    expect(lines.at(-1)).toBe('50000')
  })

  it('ignores lines once nobody reads them', async () => {
    // An unhandled error of a broken pipe would fail this file.
    const { pid, send, exited, lines } = await start('exec <&-; echo closed; exec sleep 60')
    const isClosed = async () => (lines.length > 0 ? arrived(undefined) : notYet('its stdin is open'))
    await waitUntil('the end of its stdin', isClosed, { timeoutMs: 5_000, intervalMs: 5 })
    send('one')
    await new Promise(setImmediate)
    send('two')
    process.kill(pid)
    expect(await exited).toBeUndefined()
    send('three')
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
