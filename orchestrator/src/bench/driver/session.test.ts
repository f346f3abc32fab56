import { afterEach, expect, it } from 'vitest'
import { isAlive, startToken } from '../../system/process-identity.ts'
import { BenchSession } from './session.ts'

const OPTIONS = { timeoutMs: 10_000 }
const BATCH = '{"event":"batch","samples":5,"ms":2,"durations":{}}'
const USAGE = '{"event":"usage","cpu_ms":1,"wall_ms":2,"rss_bytes":3,"peak_rss_bytes":4}'

let open: BenchSession[] = []
afterEach(async () => {
  await Promise.all(open.map((session) => session.close()))
  open = []
})

/** A stand-in for bench.py: for each order it runs these lines of JavaScript with `order`, `say` and `cry` at hand. */
async function session(onOrder: string, signal = new AbortController().signal): Promise<BenchSession> {
  const program = `
    const say = (line) => process.stdout.write(line + '\\n')
    const cry = (line) => process.stderr.write(line + '\\n')
    require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
      const order = JSON.parse(line)
      if (order.do === 'exit') process.exit(0)
      ${onOrder}
    })`
  const env = { PATH: process.env.PATH ?? '' }
  const started = await BenchSession.start([process.execPath, ['-e', program]], { cwd: '/', env, signal })
  open.push(started)
  return started
}

it('gives the answer to an order, and each batch before it', async () => {
  const talking = await session(`say('${BATCH}'); say('no event'); say('${BATCH}'); say('${USAGE}')`)
  const batches: number[] = []
  const onBatch = (batch: object) => void batches.push('samples' in batch ? Number(batch.samples) : 0)
  const usage = await talking.ask({ do: 'usage' }, 'usage', { ...OPTIONS, onBatch })
  expect(usage).toEqual(JSON.parse(USAGE))
  expect(batches).toEqual([5, 5])
})

it("fails with the driver's message and the last lines of its log", async () => {
  const talking = await session(`cry('WARN something'); say('{"event":"error","message":"no such topic"}')`)
  const asked = talking.ask({ do: 'usage' }, 'usage', OPTIONS)
  await expect(asked).rejects.toThrow("the measurement's driver failed: no such topic")
})

it('fails when the driver ends, now and from then on', async () => {
  const talking = await session(`cry('out of memory'); process.exit(3)`)
  const expected = { code: 'QUERY_FAILED', details: ['out of memory'] }
  await expect(talking.ask({ do: 'usage' }, 'usage', OPTIONS)).rejects.toMatchObject(expected)
  await expect(talking.ask({ do: 'usage' }, 'usage', OPTIONS)).rejects.toThrow('exit code 3')
})

it('fails when there is no answer in time', async () => {
  const talking = await session('')
  await expect(talking.ask({ do: 'usage' }, 'usage', { timeoutMs: 50 })).rejects.toThrow(
    'no answer to "usage"',
  )
})

it('ends the driver and what the driver started when it is interrupted', async () => {
  const interrupt = new AbortController()
  const talking = await session(
    `const child = require('node:child_process').spawn('sleep', ['60'])
     say(JSON.stringify({ event: 'usage', cpu_ms: child.pid, wall_ms: 0, rss_bytes: 0, peak_rss_bytes: 0 }))
     setInterval(() => {}, 1000)`,
    interrupt.signal,
  )
  const { cpu_ms: pid } = await talking.ask({ do: 'usage' }, 'usage', OPTIONS)
  const token = await startToken(pid)
  expect(token).toBeDefined()
  const asked = talking.ask({ do: 'usage' }, 'usage', OPTIONS)
  interrupt.abort(new Error('interrupted'))
  await expect(asked).rejects.toThrow('interrupted')
  await talking.close()
  expect(await isAlive({ pid, startToken: token ?? '' })).toBe(false)
})
