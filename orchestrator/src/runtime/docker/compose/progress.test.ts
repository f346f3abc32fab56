import { describe, expect, it } from 'vitest'
import { ComposeProgress, parseComposeLine } from './progress.ts'

const json = (fields: object) => JSON.stringify(fields)

describe('parseComposeLine', () => {
  it.each([
    [
      'the state of a container',
      json({ id: 'Container p-kafka-broker-1', status: 'Working', text: 'Starting' }),
      { event: { id: 'Container p-kafka-broker-1', parent: '', status: 'Starting', current: 0, total: 0 } },
    ],
    [
      'the pull of a layer',
      json({ id: 'ab12', parent_id: 'Image x', text: 'Downloading', status: '[==>]', current: 5, total: 10 }),
      { event: { id: 'ab12', parent: 'Image x', status: 'Downloading', current: 5, total: 10 } },
    ],
    [
      'an error',
      json({ error: true, message: 'port is already allocated' }),
      { error: 'port is already allocated' },
    ],
    ['an error without a message', json({ error: true }), { error: '' }],
    ['plain text', ' kafka-broker Pulling ', { text: ' kafka-broker Pulling ' }],
    ['JSON that is not an object', '42', { text: '42' }],
    ['null', 'null', { text: 'null' }],
    ['nothing', '', { text: '' }],
  ])('reads %s', (_, line, expected) => {
    expect(parseComposeLine(line)).toEqual(expected)
  })
})

describe('ComposeProgress', () => {
  const progressOf = (...lines: readonly object[]) => {
    const progress = new ComposeProgress('p')
    for (const line of lines) progress.add(json(line))
    return progress
  }

  it('shows the state of each container, by its short name', () => {
    const progress = progressOf(
      { id: 'Container p-kafka-broker-1', text: 'Starting' },
      { id: 'Container p-spark-worker-2', text: 'Created' },
      { id: 'Container foreign-1', text: 'Created' },
      { id: 'Container p-kafka-broker-1', text: 'Healthy' },
      { id: 'Network p_cluster', text: 'Created' },
    )
    expect(progress.toString()).toBe('kafka-broker healthy, spark-worker-2 created, foreign created')
    expect(progress.errors).toEqual([])
  })

  it('shows the pull of the images first', () => {
    const lines = [
      { id: 'Container p-kafka-broker-1', text: 'Creating' },
      { id: 'a', text: 'Downloading', current: 10_000_000, total: 30_000_000 },
      { id: 'b', text: 'Downloading', current: 70_000_000, total: 70_000_000 },
    ]
    expect(progressOf(...lines).toString()).toBe('downloading images: 80 of 100 MB')
    const done = { id: 'a', text: 'Extracting', current: 1, total: 30_000_000 }
    const extracting = { id: 'b', text: 'Extracting', current: 1, total: 70_000_000 }
    expect(progressOf(...lines, done).toString()).toBe('downloading images: 100 of 100 MB')
    expect(progressOf(...lines, done, extracting).toString()).toBe('unpacking images: 100 of 100 MB')
    const complete = ['a', 'b'].map((id) => ({ id, text: 'Pull complete' }))
    expect(progressOf(...lines, ...complete).toString()).toBe('kafka-broker creating')
  })

  it('keeps the errors and ignores other text', () => {
    const progress = progressOf({ error: true, message: 'one' }, { error: true, message: 'two' })
    progress.add('time="now" level=warning')
    expect(progress.errors).toEqual(['one', 'two'])
    expect(progress.toString()).toBe('')
  })
})
