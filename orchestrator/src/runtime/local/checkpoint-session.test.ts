import { tmpdir } from 'node:os'
import { describe, expect, it } from 'vitest'
import { newFolder } from '../../system/folder.fixture.ts'
import { CheckpointSession } from './checkpoint-session.ts'
import { RemoteCheckpoint } from './remote-checkpoint.ts'

/** A program in the place of `checkpoint_files.py`: it answers each line by this expression of the order. */
const program = (answer: string): string => `
  const lines = require('node:readline').createInterface({ input: process.stdin })
  let begin
  lines.on('line', (line) => {
    const order = JSON.parse(line)
    console.log('a line that a library prints')
    const reply = begin ? (${answer}) : { event: 'ready' }
    begin ??= order
    if (reply) console.log(JSON.stringify(reply))
  })`

const start = (answer: string) => () =>
  CheckpointSession.start([process.execPath, ['-e', program(answer)]], {
    cwd: tmpdir(),
    env: {},
    location: 'hdfs://h/cp',
    hadoop: { 'fs.s3a.secret.key': 'canary' },
  })

const checkpoint = async (answer: string) =>
  new RemoteCheckpoint('hdfs://h/cp', await newFolder(), start(answer))

describe('a checkpoint on HDFS or S3', () => {
  it('is read and written by a program, which gets secrets by its standard input', async () => {
    const store = await checkpoint(
      "order.op === 'read' ? { event: 'text', text: order.name === 'none' ? null : begin.hadoop['fs.s3a.secret.key'] } : { event: 'done' }",
    )
    expect(await Promise.all([store.read('a'), store.read('none')])).toEqual(['canary', undefined])
    await store.write('a', 'text')
  })

  it('is set aside under a new name beside it', async () => {
    const store = await checkpoint("{ event: 'moved', to: order.to }")
    expect(await store.setAside()).toMatch(/^hdfs:\/\/h\/cp-\d{4}-\d\d-\d\dT/)
  })

  it.each([
    ['unreachable', 'CLUSTER_UNREACHABLE', 'the checkpoint at hdfs://h/cp cannot be reached: why'],
    ['unusable', 'CHECKPOINT_CONFLICT', 'why'],
  ])('that is %s is an error in its own words, and may be asked again', async (kind, code, message) => {
    const store = await checkpoint(
      `order.op === 'read' ? { event: 'error', kind: '${kind}', message: 'why' } : { event: 'commits', has: true }`,
    )
    await expect(store.read('a')).rejects.toMatchObject({ code, message })
    expect(await store.hasCommits()).toBe(true)
  })

  it('is an error when the program ends, and the next question starts another', async () => {
    const store = await checkpoint("order.name === 'end' ? process.exit(1) : { event: 'text', text: 'a' }")
    await expect(store.read('end')).rejects.toMatchObject({
      code: 'CLUSTER_UNREACHABLE',
      details: expect.arrayContaining(['a line that a library prints']),
    })
    expect(await store.read('a')).toBe('a')
  })

  it('is an error when there is no answer in time, and a late answer is that to nothing else', async () => {
    const session = await start("order.name === 'late' ? undefined : { event: 'text', text: 'a' }")()
    await expect(session.ask({ op: 'read', name: 'late' }, 'text', 200)).rejects.toMatchObject({
      message: 'the checkpoint at hdfs://h/cp cannot be reached: there was no answer within 0.2 s',
    })
    expect(session.hasEnded).toBe(true)
  })
})
