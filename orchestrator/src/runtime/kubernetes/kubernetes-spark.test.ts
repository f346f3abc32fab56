import { expect, it } from 'vitest'
import { configWith } from '../../config/load.fixture.ts'
import { storagePaths } from '../../storage/paths.ts'
import { newFolder } from '../../system/folder.fixture.ts'
import { GivenBroker } from '../given-broker.ts'
import { type Asked, apiThatSays } from './api.fixture.ts'
import { KubernetesSpark } from './kubernetes-spark.ts'

const SUBMISSION = { files: [], submitArgs: [], stopTimeoutMs: 30_000, secrets: {}, sparkSecrets: {} }

/** An API that keeps what is applied, by path. */
async function cluster() {
  const objects = new Map<string, unknown>()
  const { url, asked } = await apiThatSays(({ method, path, body }: Asked) => {
    const [key = ''] = path.split('?')
    if (method === 'POST') return { body: { status: { allowed: true } } }
    if (key.endsWith('/pods')) return { body: { items: [] } }
    if (/^\/api\/v1\/namespaces\/\w+$/.test(key)) return { body: {} }
    if (method === 'PATCH') objects.set(key, { metadata: {}, ...(body as object) })
    const found = objects.get(key)
    if (method === 'DELETE') objects.delete(key)
    return found ? { body: found } : { status: 404, body: {} }
  })
  const root = await newFolder()
  const sparkIn = async (namespace: string, ...settings: string[]) => {
    const config = await configWith([
      `SPARK_MASTER=k8s://${url}`,
      'KAFKA_SERVERS=k:1',
      `SPARK_CONF_spark.kubernetes.namespace=${namespace}`,
      ...settings,
    ])
    const context = { config, storage: storagePaths(root), env: {} }
    return new KubernetesSpark(context, new GivenBroker(context).kafka)
  }
  const kinds = (namespace: string) =>
    [...objects.keys()].filter((key) => key.includes(`/${namespace}/`)).map((key) => key.split('/').at(-2))
  return { sparkIn, kinds, asked }
}

const never = new AbortController().signal
const ALL = ['configmaps', 'deployments', 'rolebindings', 'roles', 'secrets', 'serviceaccounts']

it('finds the job where it was submitted, whatever the settings say by now, and removes it from there', async () => {
  const { sparkIn, kinds } = await cluster()
  await (await sparkIn('blue')).startDriver(SUBMISSION, never)
  expect(kinds('blue').sort()).toEqual(ALL)
  const edited = await sparkIn('red')
  expect(await edited.driver()).toMatchObject({ state: 'starting' })
  expect((await edited.stop())[0]?.gone).toContainEqual(expect.stringMatching(/^Deployment blue\//))
  expect(kinds('blue')).toEqual([])
  expect(await edited.driver()).toBeUndefined()
})

it('leaves nothing where the job was before, when it is submitted to another place', async () => {
  const { sparkIn, kinds } = await cluster()
  await (await sparkIn('blue')).startDriver(SUBMISSION, never)
  await (await sparkIn('red')).startDriver(SUBMISSION, never)
  expect(kinds('blue')).toEqual([])
  expect(kinds('red').sort()).toEqual(ALL)
})

it('applies the Deployment last, when everything is there that its pod mounts', async () => {
  const { sparkIn, asked } = await cluster()
  await (await sparkIn('blue')).startDriver(SUBMISSION, never)
  const applied = asked.filter(({ method }) => method === 'PATCH').map(({ path }) => path.split('/').at(-2))
  expect(applied.at(-1)).toBe('deployments')
})

it('removes an account that it has made, although another one is named since', async () => {
  const { sparkIn, kinds } = await cluster()
  await (await sparkIn('blue')).startDriver(SUBMISSION, never)
  const account = 'SPARK_CONF_spark.kubernetes.authenticate.driver.serviceAccountName=spark'
  const edited = await sparkIn('blue', account)
  await edited.stop()
  expect(kinds('blue')).toEqual([])
})
