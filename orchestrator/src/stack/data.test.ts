import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { isThere, testContext } from '../cli/command.fixture.ts'
import { otherData, removeData } from './data.ts'
import { recordUp } from './record.ts'

/** An engine that has one volume; what it is asked to remove. */
async function engineWithVolume(folder: string): Promise<string[]> {
  const removed: string[] = []
  const server = createServer(({ method, url = '' }, response) => {
    if (method === 'DELETE') {
      removed.push(url.split('/').at(-1) ?? '')
      response.statusCode = 204
    }
    const isList = url.startsWith('/containers')
    response.end(
      JSON.stringify(isList ? [] : { Version: '28', ID: 'one', Volumes: [{ Name: 'x_kafka-data' }] }),
    )
  })
  await new Promise<void>((resolve) => server.listen(join(folder, 'docker.sock'), resolve))
  vi.stubEnv('DOCKER_HOST', `unix://${folder}/docker.sock`)
  onTestFinished(() => {
    server.close()
    vi.unstubAllEnvs()
  })
  return removed
}

it('names nothing where only one runtime was used', async () => {
  for (const name of ['local', 'docker'] as const) {
    const context = await testContext({ runtime: name })
    const selected = await context.start()
    expect(await otherData(selected)).toBeUndefined()
    expect(await removeData(selected)).toEqual({ removed: context.runtime.removedVolumes, notRemoved: [] })
  }
})

it("removes Docker's volumes of an earlier `up` with the data of the local runtime", async () => {
  const context = await testContext()
  const selected = await context.start()
  const removed = await engineWithVolume(context.folder)
  await recordUp(selected.storage, selected.config, 'docker', { url: 'unix:///x.sock', id: 'one' })
  await recordUp(selected.storage, selected.config, 'local')
  expect(await otherData(selected)).toContain('unix:///x.sock')
  expect((await removeData(selected)).removed).toEqual([
    ...context.runtime.removedVolumes,
    'volume x_kafka-data',
  ])
  expect(removed).toEqual(['x_kafka-data'])
})

it('leaves the volumes on another engine than the one that answers, and names both', async () => {
  const context = await testContext()
  const selected = await context.start()
  const removed = await engineWithVolume(context.folder)
  await recordUp(selected.storage, selected.config, 'local', { url: 'unix:///x.sock', id: 'two' })
  const { notRemoved } = await removeData(selected)
  expect(notRemoved).toEqual([expect.stringMatching(/unix:\/\/\/x\.sock \(id two\).*\(id one\)/)])
  expect(removed).toEqual([])
})

it('removes the local data of an earlier `up` with the volumes of the docker runtime', async () => {
  const context = await testContext({ runtime: 'docker' })
  const selected = await context.start()
  const log = join(selected.storage.kafka, 'meta.properties')
  await mkdir(selected.storage.kafka, { recursive: true })
  await writeFile(log, '')
  expect(await otherData(selected)).toContain(selected.storage.kafka)
  expect((await removeData(selected)).removed).toContain(selected.storage.kafka)
  expect(await isThere(log)).toBe(false)
})
