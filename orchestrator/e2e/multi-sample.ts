import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { badRecords, type OddRecord, packLines } from './helpers/bad-records.ts'
import {
  expectAccounted,
  expectOrderly,
  expectWindows,
  finalWindows,
  lastValues,
} from './helpers/guarantees.ts'
import { readTopic, send } from './helpers/kafka.ts'
import { everywhere, type Setup } from './helpers/modes.ts'
import { linesOf, type Sample } from './helpers/oracle.ts'
import { steadySamples, toLine, toRecord } from './helpers/samples.ts'
import type { SharedStack } from './helpers/shared-stack.ts'

const START_MS = Math.floor(Date.now() / 1000) * 1000 - 300_000

const good = (sample: Sample): OddRecord => ({ ...toRecord(sample), sample })

/** Good lines with bad and odd ones in between, all of which fit into a record of several lines. */
function mixedLines(startMs: number, count: number): OddRecord[] {
  const fits = ({ value }: OddRecord) => value !== null && value.length < 100_000 && !value.includes(0x0a)
  const odd = badRecords(startMs).filter(fits)
  return steadySamples(startMs, count, 20).flatMap((sample, index) => {
    const one = index % 37 === 3 ? odd[(index - 3) / 37] : undefined
    return one ? [one, good(sample)] : [good(sample)]
  })
}

interface Letter {
  readonly reason: string
  readonly offset: number
  readonly partition: number
  readonly line: number | null
}

/** The tests of records with several lines, for the suite of a setup. */
export function multiSampleTests({ available, mode, triesAll }: Setup, shared: SharedStack): void {
  if (triesAll)
    it.skipIf(!available)('reads 100 samples per record, and rejects only the bad lines', async () => {
      // The second series starts at the same time as the first one.
      const stack = await shared.forTest({ GROUP_BY: 'key', WATERMARK_DELAY: '10 minutes' })
      await stack.ok('submit', '--new-checkpoint')
      const one = packLines(mixedLines(START_MS, 2_000), 100, 'web 1')
      const other = packLines(mixedLines(START_MS + 250, 2_000), 100, 'db|2')
      // Records that are a single line, whatever they contain.
      const single: readonly { value: Buffer | null; reason: string }[] = [
        { value: null, reason: 'empty' },
        { value: Buffer.alloc(0), reason: 'empty' },
        { value: Buffer.from(' \r\n\n\t\n'), reason: 'empty' },
        { value: Buffer.from(`${START_MS},${'1'.repeat(1_100)}\n`), reason: 'too_long' },
      ]
      const singlesFrom = one.records.length + other.records.length
      const records = [
        ...one.records,
        ...other.records,
        ...single.map(({ value }) => ({ key: 'web 1', value })),
      ]
      const total = one.lines + other.lines + single.length
      expect(records.reduce((sum, { value }) => sum + linesOf(value).length, 0)).toBe(total)
      await send(stack.broker, stack.topics.input, records)
      const status = await stack.untilRead(total)

      const expected = [
        ...one.bad,
        ...other.bad.map((bad) => ({ ...bad, record: bad.record + one.records.length })),
        ...single.map(({ reason }, at) => ({ record: singlesFrom + at, line: null, reason })),
      ]
      expect(status.progress).toMatchObject({ late: 0, deadLettered: expected.length })
      expectWindows(await lastValues(stack), [...one.samples, ...other.samples])
      await expectAccounted(stack, status, total)
      await expectOrderly(stack, mode, 0)
      const letters = (await readTopic(stack.broker, stack.topics.deadLetter)).map(({ key, value }) => ({
        key,
        letter: JSON.parse(String(value)) as Letter,
      }))
      const byPlace = <T extends { record: number; line: number | null }>(list: readonly T[]) =>
        [...list].sort((a, b) => a.record - b.record || (a.line ?? 0) - (b.line ?? 0))
      // With one partition, a record's offset is its place.
      const actual = letters.map(({ letter: { offset, line, reason } }) => ({ record: offset, line, reason }))
      expect(byPlace(actual)).toEqual(byPlace(expected))
      for (const { key, letter } of letters) {
        const place = [stack.topics.input, letter.partition, letter.offset]
        expect(key).toBe((letter.line === null ? place : [...place, letter.line]).join('|'))
      }
    })

  if (everywhere)
    it.skipIf(!available)('reads records made by produce --batch', async () => {
      const stack = await shared.forTest()
      await stack.ok('submit', '--new-checkpoint')
      const samples = steadySamples(START_MS, 2_050, 20)
      // Blank lines, one of them at the end of a record: each is a dead letter.
      const csv = samples.map(toLine)
      csv.splice(98, 0, '')
      csv.splice(50, 0, ' ')
      const file = join(stack.folder, 'samples.csv')
      await writeFile(file, `time_millis,cpu\r\n${csv.join('\r\n')}\r\n`)
      const produced = JSON.parse(await stack.ok('produce', file, '--batch', '100', '--json'))
      const sent = await readTopic(stack.broker, stack.topics.input)
      expect(produced).toMatchObject({ acknowledged: 2_052, records: sent.length })
      // One record of 99 lines and one of the blank line alone, then twenty full ones.
      expect(sent.length).toBe(22)
      const status = await stack.untilRead(2_052)
      expect(status.progress).toMatchObject({ late: 0, deadLettered: 2 })
      await expectAccounted(stack, status, 2_052)
      expectWindows(await finalWindows(stack, 82), samples)
    })
}
