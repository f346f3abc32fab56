import { describe, expect, it } from 'vitest'
import { CliError, type ErrorCode } from '../errors.ts'
import { OptionalCheckpoint } from './optional-checkpoint.ts'
import type { CheckpointStore } from './runtime.ts'

/** A store that fails like this, and counts how often it was asked. */
function failing(code: ErrorCode): CheckpointStore & { asked: number } {
  const fail = async (): Promise<never> => {
    store.asked += 1
    throw new CliError(code, 'the name node does not answer')
  }
  const store = {
    asked: 0,
    location: 'hdfs://h/p',
    read: fail,
    write: fail,
    hasCommits: fail,
    setAside: fail,
  }
  return store
}

describe('a checkpoint that this machine need not reach', () => {
  it('looks empty and takes nothing, is not asked again, and says so', async () => {
    const store = failing('CLUSTER_UNREACHABLE')
    const checkpoint = new OptionalCheckpoint(store)
    expect(checkpoint.remark).toBeUndefined()
    expect(await checkpoint.read('x')).toBeUndefined()
    await checkpoint.write('x', 'y')
    expect(await checkpoint.hasCommits()).toBe(false)
    expect(store.asked).toBe(1)
    expect(checkpoint.remark).toBe(
      'the name node does not answer; the driver itself compares the settings with those of the checkpoint',
    )
  })

  it('is not set aside, because nobody knows what is there', async () => {
    await expect(new OptionalCheckpoint(failing('CLUSTER_UNREACHABLE')).setAside()).rejects.toThrow(
      'name node',
    )
  })

  it('that is reached and damaged is no other than elsewhere', async () => {
    await expect(new OptionalCheckpoint(failing('CHECKPOINT_CONFLICT')).read('x')).rejects.toThrow(
      'name node',
    )
  })
})
