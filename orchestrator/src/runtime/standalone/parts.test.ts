import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { freePorts } from '../../system/ports.ts'
import { clusterParts } from './parts.ts'

/** A master whose UI answers with this, at the same port as the master itself. */
async function masterThatSays(answer: object): Promise<{ readonly url: string; readonly port: number }> {
  const server = createServer((_, response) => response.end(JSON.stringify(answer))).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { url: `spark://127.0.0.1:${port}`, port }
}

const worker = (port: number, state = 'ALIVE') => ({ host: '10.0.0.7', port, cores: 2, state })

it('are the master and its living workers, with the cores that are free', async () => {
  const workers = [worker(1), worker(2), worker(3, 'DEAD')]
  const { url, port } = await masterThatSays({ status: 'ALIVE', cores: 4, coresused: 1, workers })
  expect(await clusterParts(url, port)).toEqual([
    {
      part: 'spark-master',
      given: 'SPARK_MASTER',
      address: url,
      state: 'running',
      detail: '3 of 4 cores free',
    },
    expect.objectContaining({
      part: 'spark-worker',
      state: 'running',
      address: '10.0.0.7:1',
      detail: '2 cores',
    }),
    expect.objectContaining({ part: 'spark-worker', state: 'running', address: '10.0.0.7:2' }),
  ])
})

it('show a cluster without workers, and a master that only stands by', async () => {
  const { url, port } = await masterThatSays({
    status: 'STANDBY',
    cores: 0,
    coresused: 0,
    workers: [worker(1, 'DEAD')],
  })
  expect(await clusterParts(url, port)).toMatchObject([
    { part: 'spark-master', state: 'unhealthy', detail: 'STANDBY' },
    { part: 'spark-worker', state: 'stopped', given: 'SPARK_MASTER' },
  ])
})

it('are looked for at all masters: one that stands by does not know them', async () => {
  const dead = (await freePorts(1))[0]
  const { port } = await masterThatSays({ status: 'ALIVE', cores: 2, coresused: 0, workers: [worker(1)] })
  const parts = await clusterParts(`spark://127.0.0.1:${dead},127.0.0.1:${port}`, port)
  expect(parts.map(({ part, state }) => [part, state])).toEqual([
    ['spark-master', 'running'],
    ['spark-worker', 'running'],
  ])
})

it('say so if only the UI is not there, or no master is', async () => {
  const [ui = 0, dead = 0] = await freePorts(2)
  const { url } = await masterThatSays({})
  expect(await clusterParts(url, ui)).toMatchObject([
    { state: 'running', detail: expect.stringContaining(`port ${ui} (SPARK_MASTER_UI_PORT)`) },
  ])
  expect(await clusterParts(`spark://127.0.0.1:${dead}`, ui)).toMatchObject([
    { state: 'unhealthy', detail: expect.stringMatching(/^no Spark master answers at .*ECONNREFUSED/) },
  ])
})
