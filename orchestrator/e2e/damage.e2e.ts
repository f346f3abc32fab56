import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { expectAccounted, expectWindows, lastValues } from './helpers/guarantees.ts'
import { send } from './helpers/kafka.ts'
import { steadySamples, toRecords } from './helpers/samples.ts'
import { Stack } from './helpers/stack.ts'

const samples = steadySamples(1_700_000_000_000, 2_000, 25)
const records = toRecords(samples)

/** The file of a folder whose name begins with the highest number. */
async function newestFile(folder: string, suffix = ''): Promise<string> {
  const names = (await readdir(folder)).filter((name) => /^\d/.test(name) && name.endsWith(suffix))
  const [newest = ''] = names.sort((a, b) => Number.parseInt(b, 10) - Number.parseInt(a, 10))
  return join(folder, newest)
}

describe('a damaged checkpoint', () => {
  it('is continued exactly without its last commit, and refused by name without a part of its state', async () => {
    const stack = await Stack.create('local', { TRIGGER: 'real-time', CHECKPOINT_INTERVAL: '5 seconds' })
    const checkpoint = join(stack.folder, 'storage', 'checkpoint')
    await stack.ok('up')
    await stack.ok('submit')
    await send(stack.broker, 'cpu-usage', records.slice(0, 1_000))
    await stack.untilRead(1_000)
    await stack.ok('stop')

    await rm(await newestFile(join(checkpoint, 'commits')))
    await send(stack.broker, 'cpu-usage', records.slice(1_000))
    await stack.ok('submit')
    const status = await stack.untilRead(records.length)
    expectWindows(await lastValues(stack), samples)
    await expectAccounted(stack, status, records.length)
    await stack.ok('stop')

    const changelog = await newestFile(join(checkpoint, 'state', '0', '0'), '.changelog')
    await writeFile(changelog, '')
    const refused = await stack.cli(['submit'])
    expect(refused.exitCode).toBe(3)
    expect(refused.stderr).toContain('the checkpoint is damaged')
    expect(refused.stderr).toContain(changelog)
    expect(refused.stderr).toContain('submit --new-checkpoint')
    expect((await stack.status()).driver).toMatchObject({ state: 'failed', restarts: 0 })
  })
})
