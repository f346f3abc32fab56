import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import type { HadoopSettings } from './hadoop-settings.ts'
import { ResourceManager, webAddresses } from './resource-manager.ts'

const settingsOf = (values: Record<string, string>): HadoopSettings => ({
  folder: '/conf',
  get: (name) => values[name],
})
const RM = 'yarn.resourcemanager'

describe('the web addresses of the ResourceManager', () => {
  it.each<[string, Record<string, string>, string[]]>([
    ['by host name', { [`${RM}.hostname`]: 'rm' }, ['http://rm:8088']],
    ['as they are written', { [`${RM}.hostname`]: 'rm', [`${RM}.webapp.address`]: 'w:99' }, ['http://w:99']],
    ['with TLS', { [`${RM}.hostname`]: 'rm', 'yarn.http.policy': 'HTTPS_ONLY' }, ['https://rm:8090']],
    ['of a cluster on one machine', {}, ['http://127.0.0.1:8088']],
    [
      'with a standby',
      {
        [`${RM}.ha.enabled`]: 'true',
        [`${RM}.ha.rm-ids`]: 'a, b',
        [`${RM}.hostname.a`]: 'rm-a',
        [`${RM}.webapp.address.b`]: 'rm-b:99',
      },
      ['http://rm-a:8088', 'http://rm-b:99'],
    ],
  ])('are known %s', (_, values, expected) => expect(webAddresses(settingsOf(values))).toEqual(expected))
})

/** A server that answers like this; its address. */
async function serverThat(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => void server.close())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

const managerAt = (...addresses: string[]): ResourceManager =>
  new ResourceManager(
    settingsOf({
      [`${RM}.ha.enabled`]: 'true',
      [`${RM}.ha.rm-ids`]: addresses.map((_, index) => `rm${index}`).join(','),
      ...Object.fromEntries(addresses.map((each, index) => [`${RM}.webapp.address.rm${index}`, each])),
    }),
    'someone',
  )

const INFO = z.object({ state: z.string() })

describe('a ResourceManager', () => {
  it('is asked by name, and the next one if the first does not answer', async () => {
    const there = await serverThat((request, response) =>
      response.end(JSON.stringify({ state: request.url })),
    )
    const manager = managerAt('127.0.0.1:1', there)
    expect(await manager.get('info', INFO)).toEqual({ state: '/ws/v1/cluster/info?user.name=someone' })
    expect(await manager.addressTowards()).toBe('127.0.0.1')
    expect(manager.isHere).toBe(true)
  })

  it('may not know an application', async () => {
    const there = await serverThat((_, response) => response.writeHead(404).end())
    expect(await managerAt(there).get('apps/x', INFO)).toBeUndefined()
  })

  it.each<[string, RequestListener, RegExp]>([
    ['wants Kerberos', (_, response) => response.writeHead(401).end(), /wants a login \(401\)/],
    ['is something else', (_, response) => response.end('<html>'), /not a ResourceManager's/],
    ['is broken', (_, response) => response.writeHead(503).end(), /answers at .*503/],
  ])('is refused if it %s', async (_, answer, expected) => {
    await expect(managerAt(await serverThat(answer)).get('info', INFO)).rejects.toMatchObject({
      code: 'CLUSTER_UNREACHABLE',
      message: expect.stringMatching(expected),
    })
  })

  it('that does not answer is named with the reason', async () => {
    await expect(managerAt('127.0.0.1:1').get('info', INFO)).rejects.toMatchObject({
      message: expect.stringMatching(/^no ResourceManager answers at http:\/\/127\.0\.0\.1:1: .+/),
    })
  })

  it('that refuses to kill says why', async () => {
    const refuse = await serverThat((_, response) =>
      response.writeHead(403).end('{"RemoteException":{"message":"not yours"}}'),
    )
    await expect(managerAt(refuse).kill('application_1_1')).rejects.toThrow(
      /application_1_1 \(403\): not yours/,
    )
  })
})
