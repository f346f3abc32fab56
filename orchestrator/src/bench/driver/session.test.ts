import { afterEach, expect, it } from 'vitest'
import { isAlive, startToken } from '../../system/process-identity.ts'
import { BenchSession } from './session.ts'

const OPTIONS = { timeoutMs: 10_000 }
const BATCH = '{"event":"batch","samples":5,"ms":2,"durations":{}}'
const USAGE = '{"event":"usage","cpu_ms":1,"wall_ms":2,"rss_bytes":3,"peak_rss_bytes":4}'

let sessions: BenchSession[] = []
afterEach(async () => {
  await Promise.all(sessions.map((session) => session.close()))
  sessions = []
})

/** Starts a stand-in for bench.py, which runs this JavaScript for each order; it can use `order`, `reply` and `log`. */
async function startSession(onOrder: string, signal = new AbortController().signal): Promise<BenchSession> {
  const program = `
    const reply = (line) => process.stdout.write(line + '\\n')
    const log = (line) => process.stderr.write(line + '\\n')
    require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
      const order = JSON.parse(line)
      if (order.do === 'exit') process.exit(0)
      ${onOrder}
    })`
  const env = { PATH: process.env.PATH ?? '' }
  const started = await BenchSession.start([process.execPath, ['-e', program]], { cwd: '/', env, signal })
  sessions.push(started)
  return started
}

it('returns the reply to an order, after each batch before it', async () => {
  const session = await startSession(
    `reply('${BATCH}'); reply('no event'); reply('${BATCH}'); reply('${USAGE}')`,
  )
  const batches: number[] = []
  const onBatch = (batch: object) => void batches.push('samples' in batch ? Number(batch.samples) : 0)
  const usage = await session.request({ do: 'usage' }, 'usage', { ...OPTIONS, onBatch })
  expect(usage).toEqual(JSON.parse(USAGE))
  expect(batches).toEqual([5, 5])
})

it("fails with the driver's message and the last lines of its log", async () => {
  const session = await startSession(
    `log('WARN something'); reply('{"event":"error","message":"no such topic"}')`,
  )
  const requested = session.request({ do: 'usage' }, 'usage', OPTIONS)
  await expect(requested).rejects.toThrow("the measurement's driver failed: no such topic")
})

it('fails when the driver ends, and stays failed', async () => {
  const session = await startSession(`log('out of memory'); process.exit(3)`)
  const expected = { code: 'QUERY_FAILED', details: ['out of memory'] }
  await expect(session.request({ do: 'usage' }, 'usage', OPTIONS)).rejects.toMatchObject(expected)
  await expect(session.request({ do: 'usage' }, 'usage', OPTIONS)).rejects.toThrow('exit code 3')
})

it('fails if there is no reply in time', async () => {
  const session = await startSession('')
  await expect(session.request({ do: 'usage' }, 'usage', { timeoutMs: 50 })).rejects.toThrow(
    'no answer to "usage"',
  )
})

it('ends the driver and its child processes when it is interrupted', async () => {
  const interrupt = new AbortController()
  const session = await startSession(
    // Like the JVM, the child shares the output of the process that started it.
    `const child = require('node:child_process').spawn('sleep', ['60'], { stdio: ['ignore', 'inherit', 'inherit'] })
     reply(JSON.stringify({ event: 'usage', cpu_ms: child.pid, wall_ms: 0, rss_bytes: 0, peak_rss_bytes: 0 }))
     setInterval(() => {}, 1000)`,
    interrupt.signal,
  )
  const { cpu_ms: pid } = await session.request({ do: 'usage' }, 'usage', OPTIONS)
  const token = await startToken(pid)
  expect(token).toBeDefined()
  const requested = session.request({ do: 'usage' }, 'usage', OPTIONS)
  interrupt.abort(new Error('interrupted'))
  await expect(requested).rejects.toThrow('interrupted')
  await session.close()
  expect(await isAlive({ pid, startToken: token ?? '' })).toBe(false)
})
