import { describe, expect, it } from 'vitest'
import { type ExistingTopic, planTopics, wantedTopics } from './topic-plan.ts'

const TOPICS = {
  input: 'cpu-usage',
  output: 'anomaly',
  deadLetter: 'dead',
  inputPartitions: 2,
  retentionMs: 3_600_000,
}
const wanted = wantedTopics(TOPICS)

const asWanted: readonly ExistingTopic[] = wanted.map(({ topic, partitions, settings }) => ({
  topic,
  partitions,
  settings,
}))

const withChange = (topic: string, change: Partial<ExistingTopic>): ExistingTopic[] =>
  asWanted.map((existing) => (existing.topic === topic ? { ...existing, ...change } : existing))

describe('wantedTopics', () => {
  it('compacts the results, keeps them for the retention and in one partition', () => {
    const output = wanted.find(({ topic }) => topic === 'anomaly')
    expect(output?.partitions).toBe(1)
    expect(output?.settings).toMatchObject({ 'cleanup.policy': 'compact,delete', 'retention.ms': '3600000' })
  })

  it('never compacts the samples, which share keys', () => {
    expect(wanted.find(({ topic }) => topic === 'cpu-usage')?.settings['cleanup.policy']).toBe('delete')
  })

  it('keeps records by the time of their arrival, not by the clock of who sends them', () => {
    const types = wanted.map(({ settings }) => settings['message.timestamp.type'])
    expect(types).toEqual(['LogAppendTime', 'LogAppendTime', 'LogAppendTime'])
  })
})

describe('planTopics', () => {
  it('says what compaction of the samples would do', () => {
    const [input] = wanted
    const settings = { ...input?.settings, 'cleanup.policy': 'compact' }
    const plan = planTopics(wanted, withChange('cpu-usage', { settings }))
    expect(plan.keep[0]?.differences).toEqual([
      expect.objectContaining({ what: 'cleanup.policy', effect: expect.stringMatching(/removes samples/) }),
    ])
  })

  it('creates what is missing and nothing else', () => {
    const plan = planTopics(wanted, asWanted.slice(0, 1))
    expect(plan.create.map(({ topic }) => topic)).toEqual(['anomaly', 'dead'])
    expect(plan.keep).toEqual([{ topic: 'cpu-usage', differences: [] }])
  })

  it('finds nothing to do if all is as wanted, in another order and notation', () => {
    const settings = {
      ...wanted[1]?.settings,
      'cleanup.policy': 'delete, compact',
      'min.cleanable.dirty.ratio': '0.010',
    }
    const plan = planTopics(wanted, withChange('anomaly', { settings }))
    expect(plan.create).toEqual([])
    expect(plan.keep.flatMap(({ differences }) => differences)).toEqual([])
  })

  it.each([
    { partitions: 5, howToChange: 'set INPUT_PARTITIONS=5' },
    {
      partitions: 1,
      howToChange: 'set INPUT_PARTITIONS=1, or kafka-topics.sh --alter --topic cpu-usage --partitions 2',
    },
  ])('leaves an existing topic with $partitions partitions alone and shows how to change it', (row) => {
    const plan = planTopics(wanted, withChange('cpu-usage', { partitions: row.partitions }))
    expect(plan.create).toEqual([])
    expect(plan.keep[0]?.differences).toEqual([
      { what: 'partitions', wanted: '2', actual: String(row.partitions), howToChange: row.howToChange },
    ])
  })

  it('reports each setting that differs', () => {
    const plan = planTopics(
      wanted,
      withChange('anomaly', { settings: { 'cleanup.policy': 'delete', 'retention.ms': '1' } }),
    )
    expect(plan.keep[1]?.differences).toEqual([
      {
        what: 'cleanup.policy',
        wanted: 'compact,delete',
        actual: 'delete',
        howToChange: 'kafka-configs.sh --alter --topic anomaly --add-config cleanup.policy=[compact,delete]',
      },
      {
        what: 'retention.ms',
        wanted: '3600000',
        actual: '1',
        howToChange: 'kafka-configs.sh --alter --topic anomaly --add-config retention.ms=3600000',
      },
    ])
  })

  it('does not guess about settings that the user may not read', () => {
    const plan = planTopics(wanted, withChange('anomaly', { settings: undefined }))
    expect(plan.keep[1]?.differences).toEqual([])
  })
})
