import { describe, expect, it } from 'vitest'
import { load } from './load.fixture.ts'
import { unusedInMode, unusedOnRuntime } from './unused-settings.ts'

const resolvedFrom = async (env: string) => (await load({ env })).config.resolved

describe('a setting that the runtime or the mode does not use', () => {
  it.each([
    ['SPARK_WORKERS=2\nSPARK_IMAGE=apache/spark:4.3.0\n', 'local', ['SPARK_WORKERS', 'SPARK_IMAGE']],
    ['SPARK_WORKERS=2\nSPARK_IMAGE=apache/spark:4.3.0\n', 'docker', []],
    ['SPARK_WORKERS=1\n', 'local', []],
  ] as const)('is named on the runtime if it was changed: %j on %s', async (env, runtime, keys) => {
    expect(unusedOnRuntime(await resolvedFrom(env), runtime)).toEqual(
      keys.map((key) => `${key} has no effect on the ${runtime} runtime`),
    )
  })

  it.each([
    ['micro-batch', ['CHECKPOINT_INTERVAL']],
    ['real-time', ['TRIGGER_INTERVAL', 'KAFKA_MAX_OFFSETS_PER_TRIGGER']],
  ] as const)('is named in the mode if it was changed: %s', async (mode, keys) => {
    const env = 'CHECKPOINT_INTERVAL=10 s\nTRIGGER_INTERVAL=1 s\nKAFKA_MAX_OFFSETS_PER_TRIGGER=10\n'
    expect(unusedInMode(await resolvedFrom(env), mode)).toEqual(
      keys.map((key) => `${key} has no effect in ${mode} mode`),
    )
    expect(unusedInMode(await resolvedFrom(''), mode)).toEqual([])
  })
})
