import { setInterval } from 'node:timers/promises'
import type { KafkaAccess } from '../../kafka/access.ts'
import { withOpenLoopProducer } from '../../kafka/producer.ts'
import type { Clock } from './clock.ts'
import { dueBy, intendedMs, type Schedule, sampleValue } from './schedule.ts'

const TICK_MS = 2

export interface Sent {
  /** How late each sample was handed to the client, against its intended time. */
  readonly lateMs: readonly number[]
}

/**
 * Sends the samples of a schedule when they are due, without waiting for the acknowledgement of earlier ones: when
 * the broker or this process is slow, what is late is sent at once and keeps its intended time, so that the delay counts.
 * @throws CliError when a send was not acknowledged.
 */
export function sendOnSchedule(
  access: KafkaAccess,
  topic: string,
  schedule: Schedule,
  clock: Clock,
  signal: AbortSignal,
): Promise<Sent> {
  return withOpenLoopProducer(
    access,
    async (producer) => {
      const lateMs: number[] = []
      const underWay = new Set<Promise<unknown>>()
      let failure: unknown
      const send = (messages: { value: string }[]) => {
        const sending: Promise<unknown> = producer
          .send({ topic, messages, acks: 1 })
          .catch((error: unknown) => {
            failure ??= error
          })
          .finally(() => underWay.delete(sending))
        underWay.add(sending)
      }
      for await (const _ of setInterval(TICK_MS, undefined, { signal })) {
        const nowMs = clock()
        const messages: { value: string }[] = []
        for (const due = dueBy(schedule, nowMs); lateMs.length < due; ) {
          lateMs.push(nowMs - intendedMs(schedule, lateMs.length))
          messages.push({ value: sampleValue(schedule, lateMs.length - 1) })
        }
        if (messages.length > 0) send(messages)
        if (failure || lateMs.length === schedule.samples) break
      }
      await Promise.all(underWay)
      if (failure) throw failure
      return { lateMs }
    },
    signal,
  )
}
