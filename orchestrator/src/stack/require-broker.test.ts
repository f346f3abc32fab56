import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { FakeBroker, protocolError } from '../kafka/broker.fixture.ts'
import { FakeRuntime } from '../runtime/runtime.fixture.ts'
import { prepareStorage } from '../storage/storage-folder.ts'
import { newFolder } from '../system/folder.fixture.ts'
import { portHolder } from '../system/ports.ts'
import { requireBroker, requireOwnBroker } from './require-broker.ts'

vi.mock('kafkajs', () => import('../kafka/kafkajs.fixture.ts'))

it('passes when the broker answers', async () => {
  new FakeBroker()
  await requireBroker(new FakeRuntime())
})

it('fails with the address, the cause and a hint when nothing listens there', async () => {
  await expect(requireBroker(new FakeRuntime())).rejects.toMatchObject({
    code: 'KAFKA_UNREACHABLE',
    message: expect.stringMatching(/127\.0\.0\.1:9093.*refused/),
    hint: expect.stringContaining('cpu-anomaly up'),
  })
})

it("refuses the broker of another cluster, which answers at this folder's address", async () => {
  const broker = new FakeBroker()
  const runtime = new FakeRuntime()
  runtime.clusterIdNow = 'cluster-of-this-folder'
  await expect(requireBroker(runtime)).rejects.toMatchObject({
    code: 'OTHER_FOLDER',
    exitCode: 5,
    message: expect.stringMatching(/127\.0\.0\.1:9093.*another folder/),
    hint: expect.stringContaining('KAFKA_PORT'),
  })
  expect(broker.requests).not.toContain('find-coordinator')
})

it("sends nothing to a port that is taken while this folder's broker does not run", async () => {
  const broker = new FakeBroker()
  const server = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const runtime = new FakeRuntime()
  runtime.clusterIdNow = undefined
  const { port } = server.address() as AddressInfo
  runtime.kafka = { ...runtime.kafka, servers: [`127.0.0.1:${port}`] }
  await expect(requireOwnBroker(runtime)).rejects.toMatchObject({
    code: 'OTHER_FOLDER',
    message: expect.stringContaining(String(port)),
  })
  expect(broker.requests).toEqual([])
})

it('names the folder whose process listens there', async () => {
  const folder = await newFolder()
  const { root } = await prepareStorage(join(folder, 'storage'), folder)
  const script = `require('net').createServer().listen(0, '127.0.0.1', function () { console.log(this.address().port) })`
  const child = spawn(process.execPath, ['-e', script], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [line] = await once(child.stdout, 'data')
  const runtime = new FakeRuntime()
  runtime.clusterIdNow = undefined
  runtime.kafka = { ...runtime.kafka, servers: [`127.0.0.1:${Number(line)}`] }
  const isHolderKnown = process.platform === 'linux' && (await portHolder(Number(line)))
  const refused = expect(requireOwnBroker(runtime)).rejects
  if (isHolderKnown)
    await refused.toMatchObject({
      message: expect.stringContaining(`the broker of another folder: ${folder}`),
    })
  else await refused.toMatchObject({ code: 'OTHER_FOLDER' })
})

it('fails when the broker refuses access', async () => {
  new FakeBroker().onRequest = (request) => {
    if (request === 'describe-cluster') throw protocolError('CLUSTER_AUTHORIZATION_FAILED')
  }
  await expect(requireBroker(new FakeRuntime())).rejects.toMatchObject({
    message: expect.stringContaining('CLUSTER_AUTHORIZATION_FAILED'),
  })
})
