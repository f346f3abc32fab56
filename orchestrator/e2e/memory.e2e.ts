import { execa } from 'execa'
import { expect, it } from 'vitest'
import { send } from './helpers/kafka.ts'
import { steadySamples, toRecords } from './helpers/samples.ts'
import { Stack } from './helpers/stack.ts'
import { waitFor } from './helpers/wait-for.ts'

const BATCHES = 10
const BATCH_RECORDS = 500

/** jcmd counts the objects on a JVM's heap; it comes with a JDK, but not with a JRE. */
const hasJcmd = !(await execa('jcmd', ['-h'], { reject: false })).failed

/** Number of reachable objects of a class: the histogram collects garbage before it counts. */
async function countReachable(pid: number, className: string): Promise<number> {
  const { stdout } = await execa('jcmd', [String(pid), 'GC.class_histogram'])
  const line = stdout
    .split('\n')
    .find((text) => text.includes(` ${className} `) || text.endsWith(` ${className}`))
  return Number(line?.trim().split(/\s+/)[1] ?? 0)
}

it.skipIf(!hasJcmd)('the driver frees the records that it has read (needs jcmd of a JDK)', async () => {
  const stack = await Stack.create('local')
  await stack.ok('up')
  await stack.ok('submit')
  const samples = steadySamples(1_700_000_000_000, BATCHES * BATCH_RECORDS, 25)
  for (let read = 0; read < samples.length; read += BATCH_RECORDS) {
    const batch = toRecords(samples.slice(read, read + BATCH_RECORDS))
    await send(stack.broker, 'cpu-usage', batch)
    await stack.untilRead(read + BATCH_RECORDS)
  }
  const pid = (await stack.status()).driver?.pid ?? Number.NaN
  const reachable = await waitFor(
    'the records to be freed',
    async () => {
      const count = await countReachable(pid, 'org.apache.kafka.clients.consumer.ConsumerRecord')
      return { done: count <= BATCH_RECORDS, value: count, seen: `${count} of ${samples.length} left` }
    },
    20_000,
  )
  expect(reachable).toBeLessThanOrEqual(BATCH_RECORDS)
})
