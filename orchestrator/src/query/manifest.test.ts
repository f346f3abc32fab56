import { describe, expect, it } from 'vitest'
import { CliError } from '../errors.ts'
import {
  hasManifest,
  type Manifest,
  manifestChanges,
  readManifest,
  requireSameManifest,
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
