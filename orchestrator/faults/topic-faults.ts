import { rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { type Admin, Kafka, logLevel } from 'kafkajs'
import { send } from '../e2e/helpers/kafka.ts'
import { toRecord } from '../e2e/helpers/samples.ts'
import { waitFor } from '../e2e/helpers/wait-for.ts'
import type { Fault } from './fault.ts'
import { signalPart } from './processes.ts'
import type { Trial } from './trial.ts'

async function withAdmin<T>(trial: Trial, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Kafka({ brokers: [trial.stack.broker], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  return work(admin).finally(() => admin.disconnect())
}

/** The records that the job has not read are removed, as by retention, but for the newest of each partition. */
async function removeUnread(trial: Trial, kept = 0): Promise<void> {
  const topic = trial.stack.topics.input
  await trial.load.pause()
  await withAdmin(trial, async (admin) => {
    const offsets = await admin.fetchTopicOffsets(topic)
    const partitions = offsets.map(({ partition, low, high }) => ({
      partition,
      offset: String(Math.max(Number(low), Number(high) - kept)),
    }))
    await admin.deleteTopicRecords({ topic, partitions })
    const left = new Map((await admin.fetchTopicOffsets(topic)).map(({ partition, low }) => [partition, low]))
    if (partitions.some(({ partition, offset }) => left.get(partition) !== offset))
      throw new Error(`the records were not removed: ${JSON.stringify({ partitions, left: [...left] })}`)
  })
}

const DATA_LOSS = /were removed before the job read them: partition \d+: \d+ lost/
const FIRST_RESULT_MS = 120_000

const partitionAdded: Fault = {
  name: 'topic: a partition added',
  async inject(trial) {
    const topic = trial.stack.topics.input
    const count = await withAdmin(trial, async (admin) => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
      const present = topics[0]?.partitions.length ?? 0
      await admin.createPartitions({ topicPartitions: [{ topic, count: present + 1 }] })
      return present
    })
    const struckMs = Date.now()
    trial.load.reconnect()
    await trial.load.pause()
    // From here on, only the new partition has samples, so only they make results.
    const sinceMs = Date.now()
    trial.load.resume(count)
    await trial.results.resultSince(sinceMs, FIRST_RESULT_MS)
    return { struckMs, sinceMs }
  },
}

const recreated: Fault = {
  name: 'topic: deleted and created again under a running job',
  async inject(trial) {
    const topic = trial.stack.topics.input
    await trial.load.pause()
    const struckMs = await withAdmin(trial, async (admin) => {
      const before = await admin.fetchTopicOffsets(topic)
      await admin.deleteTopics({ topics: [topic] })
      const topics = [{ topic, numPartitions: before.length }]
      // The broker may not have forgotten the old topic yet, and kafkajs would give up.
      await admin.createTopics({ topics, waitForLeaders: false })
      return Date.now()
    })
    // The new topic grows past the offsets of the old one.
    const samples = Array.from({ length: trial.load.acknowledged * 2 }, () => ({
      timeMs: Date.now(),
      cpu: 10,
    }))
    await send(trial.stack.broker, topic, samples.map(toRecord))
    return { struckMs, refuses: /deleted and created again/ }
  },
}

const retentionWhileStopped: Fault = {
  name: 'topic: retention removes unread records of a stopped job',
  async prepare(trial) {
    await trial.stack.ok('stop')
    await removeUnread(trial)
  },
  async inject(trial) {
    const struckMs = Date.now()
    await trial.stack.cli(['submit'])
    return { struckMs, refuses: DATA_LOSS }
  },
}

const retentionWhileRunning: Fault = {
  name: 'topic: retention overtakes a driver that stands still',
  async prepare(trial) {
    await signalPart(trial.stack, 'driver', 'STOP')
    trial.load.sendTo(0, 500)
    // In real-time mode the batch that runs could end behind what is missing.
    await removeUnread(trial, 100)
  },
  async inject(trial) {
    const struckMs = await signalPart(trial.stack, 'driver', 'CONT')
    return { struckMs, refuses: DATA_LOSS }
  },
}

/** As a power failure does, after which the log lacks what the system had not written to the disk yet. */
const endLost: Fault = {
  name: 'topic: the broker loses the end of its log, which grows again',
  unfit: ({ runtime }) => (runtime === 'local' ? undefined : 'the log is in a volume'),
  async prepare(trial) {
    const { stack, load } = trial
    await load.pause()
    await stack.ok('down')
    const downMs = Date.now()
    await cutLog(`${stack.folder}/storage/kafka`, stack.topics.input)
    await stack.ok('up')
    // What is written within ten seconds of the last results may have been read.
    await waitFor(
      'new records to be newer',
      async () => ({ done: Date.now() > downMs + 11_000, value: undefined, seen: new Date().toISOString() }),
      20_000,
    )
    const samples = Array.from({ length: load.acknowledged }, () => ({ timeMs: Date.now(), cpu: 10 }))
    await send(stack.broker, stack.topics.input, samples.map(toRecord))
  },
  async inject(trial) {
    const struckMs = Date.now()
    await trial.stack.cli(['submit'])
    return { struckMs, refuses: /has lost the end of topic .* given its offsets to new records/ }
  },
}

/** The broker, which is down, looks at the end of its logs when it starts. */
async function cutLog(folder: string, topic: string): Promise<void> {
  await rm(join(folder, '.kafka_cleanshutdown'), { force: true })
  const log = join(folder, `${topic}-0`, '00000000000000000000.log')
  const { size } = await stat(log)
  await truncate(log, Math.floor(size * 0.75))
}

export const TOPIC_FAULTS: readonly Fault[] = [
  partitionAdded,
  recreated,
  retentionWhileStopped,
  retentionWhileRunning,
  endLost,
]
