import { describe, expect, it } from 'vitest'
import { configWith } from '../config/load.fixture.ts'
import { CliError } from '../errors.ts'
import {
  hasManifest,
  type Manifest,
  manifestChanges,
  manifestOf,
  needsNewCheckpoint,
  readManifest,
  requireSameManifest,
  withBegunFormat,
  writeManifest,
} from './manifest.ts'

const before: Manifest = { WINDOW_DURATION: '500 milliseconds', GROUP_BY: 'none' }

function memoryStore() {
  const files = new Map<string, string>()
  return {
    files,
    location: 'memory',
    read: async (name: string) => files.get(name),
    write: async (name: string, text: string) => void files.set(name, text),
    hasCommits: async () => files.size > 0,
    setAside: async () => 'aside',
  }
}

describe('manifestChanges', () => {
  it.each([
    ['nothing', before, []],
    ['a value', { ...before, GROUP_BY: 'key' }, [{ key: 'GROUP_BY', before: 'none', now: 'key' }]],
    ['a new key', { ...before, TRIGGER: 'x' }, [{ key: 'TRIGGER', before: '(none)', now: 'x' }]],
    [
      'a missing key',
      { GROUP_BY: 'none' },
      [{ key: 'WINDOW_DURATION', before: '500 milliseconds', now: '(none)' }],
    ],
  ])('finds %s', (_, now, expected) => {
    expect(manifestChanges(before, now)).toEqual(expected)
  })
})

describe('the format of the input', () => {
  const plan = { trigger: 'micro-batch', stateStore: 'memory', shufflePartitions: 2 } as const
  const fixed = async (set: readonly string[]) => {
    const manifest = manifestOf(await configWith(set), { ...plan, slots: 2, reason: '' }, 'c')
    return Object.fromEntries(Object.entries(manifest).filter(([key]) => /^INPUT_(?!TOPIC)/.test(key)))
  }
  const JSON_SETTINGS = ['INPUT_FORMAT=json', 'INPUT_TIME=at', 'INPUT_CPU=$.cpu']

  it('is fixed, and with json the paths too', async () => {
    expect(await fixed(['INPUT_FORMAT=telegraf'])).toEqual({ INPUT_FORMAT: 'telegraf' })
    expect(await fixed(JSON_SETTINGS)).toEqual({
      INPUT_FORMAT: 'json',
      INPUT_TIME: '$.at',
      INPUT_TIME_UNIT: 'ms',
      INPUT_CPU: '$.cpu',
      INPUT_CPU_UNIT: 'percent',
      INPUT_SERIES: 'key',
    })
  })

  it.each([
    ['one that names telegraf', { INPUT_FORMAT: 'telegraf' }, { format: 'telegraf' }],
    ['one of an earlier version', {}, { format: 'csv' }],
    ['one with paths', null, { format: 'json', time: '$.at', cpu: '$.cpu', series: undefined }],
    ['one of another topic', { INPUT_TOPIC: 'other', INPUT_FORMAT: 'telegraf' }, { format: 'auto' }],
  ])('is taken from the checkpoint with INPUT_FORMAT=auto: %s', async (_, given, expected) => {
    const manifest = { INPUT_TOPIC: 'cpu-usage', ...(given ?? (await fixed(JSON_SETTINGS))) }
    const config = await configWith(['INPUT_FORMAT=auto'])
    expect(withBegunFormat(config, manifest).input).toMatchObject(expected)
  })

  it('is not taken from the checkpoint if the settings name one', async () => {
    const config = await configWith(['INPUT_FORMAT=collectd'])
    const begun = withBegunFormat(config, { INPUT_TOPIC: 'cpu-usage', INPUT_FORMAT: 'telegraf' })
    expect(begun.input.format).toBe('collectd')
  })

  it('needs a new checkpoint unless it is left open', () => {
    expect(needsNewCheckpoint('INPUT_FORMAT', 'csv')).toBe(true)
    expect(needsNewCheckpoint('INPUT_FORMAT', 'Auto')).toBe(false)
    expect(needsNewCheckpoint('INPUT_CPU', '$.cpu')).toBe(true)
  })
})

describe('hasManifest', () => {
  it('counts one that cannot be used: it has to be set aside too', async () => {
    const unusable = async () => {
      throw new CliError('CHECKPOINT_CONFLICT', 'it is a directory')
    }
    expect(await hasManifest({ ...memoryStore(), read: unusable })).toBe(true)
    expect(await hasManifest(memoryStore())).toBe(false)
  })

  it('does not guess when the store cannot be reached', async () => {
    const unreachable = async () => {
      throw new CliError('CLUSTER_UNREACHABLE', 'no engine answers')
    }
    await expect(hasManifest({ ...memoryStore(), read: unreachable })).rejects.toThrow('no engine')
  })
})

describe('requireSameManifest', () => {
  it('accepts the same settings', () => {
    expect(() => requireSameManifest(before, { ...before })).not.toThrow()
  })

  it('counts a checkpoint of a version without formats as csv', () => {
    expect(() => requireSameManifest(before, { ...before, INPUT_FORMAT: 'csv' })).not.toThrow()
    expect(() => requireSameManifest(before, { ...before, INPUT_FORMAT: 'telegraf' })).toThrow(CliError)
  })

  it('names the key, its old and new value, and both ways out', () => {
    const check = () => requireSameManifest(before, { ...before, WINDOW_DURATION: '1000 milliseconds' })
    expect(check).toThrow(CliError)
    try {
      check()
    } catch (error) {
      const { details, hint, exitCode } = error as CliError
      expect(details).toEqual(['WINDOW_DURATION: was 500 milliseconds, is now 1000 milliseconds'])
      expect(hint).toMatch(/Keep the old value, or .*submit --new-checkpoint/)
      expect(exitCode).toBe(3)
    }
  })
})

describe('the manifest in the checkpoint', () => {
  it('is read back as it was written', async () => {
    const store = memoryStore()
    expect(await readManifest(store)).toBeUndefined()
    await writeManifest(store, before)
    expect(await readManifest(store)).toEqual(before)
  })

  it.each([
    ['empty', '', 'is empty'],
    ['cut short', '{"GROUP_BY": ', 'is not a JSON object of settings'],
    ['another file', '{"GROUP_BY": 1}', 'is not a JSON object of settings'],
  ])('is rejected by name if it is %s', async (_, text, problem) => {
    const store = memoryStore()
    store.files.set('cpu-anomaly-manifest.json', text)
    const rejection = expect(readManifest(store)).rejects
    await rejection.toMatchObject({
      exitCode: 3,
      message: `the checkpoint is damaged: memory/cpu-anomaly-manifest.json ${problem}`,
      hint: expect.stringMatching(/Restore the checkpoint from a backup, or .*submit --new-checkpoint/),
    })
  })
})
