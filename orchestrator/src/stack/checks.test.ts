import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type TestContext, testContext } from '../cli/command.fixture.ts'
import { driverIn } from '../runtime/runtime.fixture.ts'
import { freePorts } from '../system/ports.ts'
import { stackChecks } from './checks.ts'

vi.mock('kafkajs', () => import('../kafka/kafkajs.fixture.ts'))

const disk = vi.hoisted((): { bavail: number | undefined } => ({ bavail: undefined }))
vi.mock('node:fs/promises', async (original) => {
  const actual = await original<typeof import('node:fs/promises')>()
  const statfs = async (path: string) => ({
    ...(await actual.statfs(path)),
    ...(disk.bavail !== undefined && disk),
  })
  return { ...actual, statfs }
})

/** Runs the check of this title. */
async function check(context: TestContext, title: string, settings: readonly string[] = []): Promise<string> {
  const { config } = await context.withSettings(settings).select()
  const checks = stackChecks({ ...(await context.select()), config })
  const named = checks.find((entry) => entry.title === title) ?? expect.fail(`no check ${title}`)
  return named.run(context.signal)
}

async function takenPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1' }, resolve))
  onTestFinished(() => void server.close())
  return (server.address() as { port: number }).port
}

describe('stackChecks', () => {
  it('names the runtime and why it was chosen', async () => {
    expect(await check(await testContext(), 'runtime')).toMatch(/local.*of the test/)
  })

  it('passes if the storage folder can be created', async () => {
    const context = await testContext()
    for (const dir of ['storage', 'missing/storage'])
      expect(await check(context, 'storage', [`STORAGE_DIR=${dir}`])).toMatch(
        new RegExp(`^${join(context.folder, dir)} \\([0-9.]+ GiB free\\)$`),
      )
  })

  it('fails if the disk of the storage folder is nearly full', async () => {
    disk.bavail = 2
    onTestFinished(() => {
      disk.bavail = undefined
    })
    await expect(check(await testContext(), 'storage')).rejects.toMatchObject({
      code: 'STORAGE',
      message: expect.stringContaining('nearly full'),
    })
  })

  it('names a broker that answers', async () => {
    expect(await check(await testContext(), 'Kafka')).toContain('127.0.0.1:9093')
  })

  it.each([
    ['Kafka', 'KAFKA_PORT'],
    ["Spark's UI", 'SPARK_UI_PORT'],
  ])('passes if the port of %s is free, and fails if it is taken', async (title, setting) => {
    const context = await testContext()
    context.runtime.clusterIdNow = undefined
    const [free] = await freePorts(1)
    await check(context, title, [`${setting}=${free}`])
    const taken = await takenPort()
    await expect(check(context, title, [`${setting}=${taken}`])).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: expect.stringContaining(String(taken)),
      hint: expect.stringContaining(setting),
    })
  })

  it("does not check the UI's port while there is a driver", async () => {
    const context = await testContext()
    context.runtime.driverNow = driverIn('running')
    expect(await check(context, "Spark's UI", [`SPARK_UI_PORT=${await takenPort()}`])).toBe(
      context.runtime.sparkUi,
    )
  })
})
