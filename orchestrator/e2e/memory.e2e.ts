import { execa } from 'execa'
import { expect, it } from 'vitest'
import { send } from './helpers/kafka.ts'
import { steadySamples, toRecord } from './helpers/samples.ts'
import { Stack } from './helpers/stack.ts'
import { waitFor } from './helpers/wait-for.ts'

const BATCHES = 10
const A_BATCH = 500

/** The JDK's tool that counts the objects on a JVM's heap; a JRE has none. */
const hasJcmd = !(await execa('jcmd', ['-h'], { reject: false })).failed

/** Objects of a class that are reachable: the histogram collects garbage before it counts. */
async function reachable(pid: number, className: string): Promise<number> {
  const { stdout } = await execa('jcmd', [String(pid), 'GC.class_histogram'])
  const line = stdout
    .split('\n')
    .find((text) => text.includes(` ${className} `) || text.endsWith(` ${className}`))
  return Number(line?.trim().split(/\s+/)[1] ?? 0)
}

it.skipIf(!hasJcmd)('a driver forgets the records that it has read (needs jcmd of a JDK)', async () => {
  const stack = await Stack.create('local')
  await stack.ok('up')
  await stack.ok('submit')
  const samples = steadySamples(1_700_000_000_000, BATCHES * A_BATCH, 25)
  for (let read = 0; read < samples.length; read += A_BATCH) {
    const batch = samples.slice(read, read + A_BATCH).map((sample) => toRecord(sample))
    await send(stack.broker, 'cpu-usage', batch)
    await stack.untilRead(read + A_BATCH)
  }
  const pid = (await stack.status()).driver?.pid ?? Number.NaN
  const kept = await waitFor(
    'records to be forgotten',
    async () => {
      const count = await reachable(pid, 'org.apache.kafka.clients.consumer.ConsumerRecord')
      return { done: count <= A_BATCH, value: count, seen: `${count} of ${samples.length} are kept` }
    },
    20_000,
  )
  expect(kept).toBeLessThanOrEqual(A_BATCH)
})
