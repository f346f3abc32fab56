import { describe, expect, it } from 'vitest'
import { configWith, refusal } from '../../config/load.fixture.ts'
import { freePorts } from '../../system/ports.ts'
import { missingRights, neededRights, requireNamespace } from './access-review.ts'
import { administratorCommands } from './administrator.ts'
import { apiThatSays } from './api.fixture.ts'
import { KubernetesApi } from './api.ts'
import { unreachable } from './failures.ts'
import { logIn } from './login.ts'

const forbidden = {
  kind: 'Status',
  reason: 'Forbidden',
  message: 'pods is forbidden: User "me" cannot list resource "pods"',
}

describe('a Kubernetes API', () => {
  it.each([
    [401, { message: 'Unauthorized' }, /does not accept the login of nobody/],
    [403, forbidden, /User "me" cannot list resource "pods"/],
    [409, { message: 'conflict' }, /answered 409 to GET \/api\/v1\/x: conflict/],
    [502, 'bad gateway', /answered 502 .*bad gateway/],
  ])('that refuses with %i makes one sentence of it', async (status, body, message) => {
    const { api } = await apiThatSays(() => ({ status, body }))
    const error = await refusal(api.ask('/api/v1/x'))
    expect(error.code).toBe('CLUSTER_REFUSED')
    expect(error.message).toMatch(message)
  })

  it('that does not answer is named', async () => {
    const [port] = await freePorts(1)
    const api = new KubernetesApi(() => logIn(`k8s://http://127.0.0.1:${port}`))
    const error = await refusal(api.ask('/version'))
    expect(error).toMatchObject({
      code: 'CLUSTER_UNREACHABLE',
      message: expect.stringContaining('ECONNREFUSED'),
    })
  })

  it.each([
    ['SELF_SIGNED_CERT_IN_CHAIN', /is not trusted/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', /certificate of another host/],
    ['ENOTFOUND', /no Kubernetes API answers at https:\/\/h: ENOTFOUND/],
  ])('says what is wrong with %s', (code, message) => {
    expect(unreachable('https://h', Object.assign(new Error('x'), { code })).message).toMatch(message)
  })

  it('says that an object is not there by undefined', async () => {
    const { api } = await apiThatSays(() => ({ status: 404, body: { reason: 'NotFound' } }))
    expect(await api.find('/api/v1/x')).toBeUndefined()
  })
})

describe('the rights of this user', () => {
  it('that are missing are found, and given by commands', async () => {
    const config = await configWith(['SPARK_MASTER=k8s://http://127.0.0.1:1'])
    const { api } = await apiThatSays(({ body }) => {
      const { resource, verb } = (
        body as { spec: { resourceAttributes: { resource: string; verb: string } } }
      ).spec.resourceAttributes
      return {
        body: { status: { allowed: !(resource === 'secrets' && verb !== 'get') && resource !== 'roles' } },
      }
    })
    const missing = await missingRights(api, 'team', neededRights(config))
    expect(missing.map(({ verb, resource }) => `${verb} ${resource}`)).toEqual([
      ...['get', 'create', 'patch', 'delete'].map((verb) => `${verb} roles`),
      ...['create', 'patch', 'delete'].map((verb) => `${verb} secrets`),
    ])
    expect(administratorCommands('team', missing)).toContain(
      'kubectl -n team create role cpu-anomaly-user-roles --verb=get,create,patch,delete --resource=roles.rbac.authorization.k8s.io',
    )
  })

  it('need no roles where the service account is given', async () => {
    const config = await configWith([
      'SPARK_MASTER=k8s://http://127.0.0.1:1',
      'SPARK_CONF_spark.kubernetes.authenticate.driver.serviceAccountName=spark',
    ])
    const resources = new Set(neededRights(config).map(({ resource }) => resource))
    expect([...resources]).toEqual(['configmaps', 'secrets', 'deployments', 'pods', 'pods/log'])
  })

  it('may leave out that to look at namespaces, but the namespace must be there', async () => {
    const { api } = await apiThatSays(({ path }) => ({
      status: path.endsWith('/seen') ? 404 : 403,
      body: {},
    }))
    await requireNamespace(api, 'hidden')
    expect(await refusal(requireNamespace(api, 'seen'))).toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining('there is no such namespace'),
    })
  })
})
