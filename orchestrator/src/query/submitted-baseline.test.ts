import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { testContext } from '../cli/command.fixture.ts'
import { submit } from './submit.fixture.ts'

vi.mock('kafkajs', () => import('../kafka/kafkajs.fixture.ts'))

const HEAD = '# cpu-anomaly baseline 1, timezone=Europe/Berlin\nseries,hour_of_week,mean,stddev\n'

async function contextWith(rows: string, groupBy: 'key' | 'none') {
  const context = await testContext({ settings: { BASELINE_FILE: 'mine.csv', GROUP_BY: groupBy } })
  await writeFile(join(context.folder, 'mine.csv'), `${HEAD}${rows}`)
  return context
}

describe('a submit with a baseline', () => {
  it('hands its text to the driver, which finds it beside the job, and shows its checksum', async () => {
    const rows = 'a,1,10,2\nb,,70,4\n'
    const context = await contextWith(rows, 'key')
    await submit(context)
    const [submission = expect.fail('nothing submitted')] = context.runtime.submissions
    expect(submission.files.at(-1)).toEqual({ path: 'baseline.csv', text: `${HEAD}${rows}` })
    expect(submission.files[0]?.text).toContain('\\"baseline_file\\":\\"/storage/rendered/baseline.csv\\"')
    const sha256 = createHash('sha256').update(`${HEAD}${rows}`).digest('hex')
    expect(context.output.notes).toContain(
      `Baseline: 2 normals of 2 series, hours of Europe/Berlin (${context.folder}/mine.csv, sha256 ${sha256})`,
    )
  })

  it('without one names no file', async () => {
    const context = await testContext()
    await submit(context)
    expect(context.runtime.submissions[0]?.files[0]?.text).toContain('\\"baseline_file\\":null')
    expect(context.runtime.submissions[0]?.files.map(({ path }) => path)).not.toContain('baseline.csv')
  })

  it('is refused before anything starts if the file is wrong, or not there', async () => {
    const wrong = await contextWith('a,168,10,2\n', 'key')
    await expect(submit(wrong)).rejects.toMatchObject({
      code: 'CONFIGURATION',
      details: [expect.stringContaining('line 3, hour_of_week=168')],
    })
    const missing = await testContext({ settings: { BASELINE_FILE: 'nothing.csv' } })
    await expect(submit(missing)).rejects.toMatchObject({
      message: expect.stringMatching(/nothing\.csv cannot be read: there is no such file$/),
    })
    expect([...wrong.journal, ...missing.journal]).toEqual([])
  })

  it('has no use for rows of series if there is only one: refused, or said', async () => {
    await expect(submit(await contextWith('a,,10,2\n', 'none'))).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining('normals only for 1 series, but with GROUP_BY=none'),
    })
    const both = await contextWith('a,,10,2\n,,20,3\n', 'none')
    await submit(both)
    expect(both.output.notes.join('\n')).toContain('2 normals, of which only those for all series count')
  })
})
