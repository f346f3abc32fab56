import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { refusal } from '../../config/load.fixture.ts'
import { newFolder } from '../../system/folder.fixture.ts'
import { apiUrl, contextsOf, logIn } from './login.ts'

const KUBECONFIG = `
apiVersion: v1
kind: Config
clusters:
  - {name: blue, cluster: {server: "https://blue.example.org:6443"}}
  - {name: red, cluster: {server: "https://red.example.org"}}
users:
  - {name: me, user: {token: canary}}
contexts:
  - {name: first, context: {cluster: red, user: me}}
  - {name: at-blue, context: {cluster: blue, user: me}}
current-context: first
`

async function kubeconfig(text: string): Promise<void> {
  const file = join(await newFolder(), 'config')
  await writeFile(file, text)
  vi.stubEnv('KUBECONFIG', file)
}

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('the login to a cluster', () => {
  it.each([
    ['k8s://https://h:6443', 'https://h:6443'],
    ['k8s://h:6443', 'https://h:6443'],
    ['k8s://http://127.0.0.1:8001', 'http://127.0.0.1:8001'],
    ['k8s://https://rancher/k8s/clusters/c-1/', 'https://rancher/k8s/clusters/c-1'],
  ])('goes to the URL of %s', (master, url) => {
    expect(apiUrl(master)).toBe(url)
  })

  it('is that of the context whose cluster has this URL, whatever the current one is', async () => {
    await kubeconfig(KUBECONFIG)
    const { who, apply } = await logIn('k8s://https://blue.example.org:6443')
    expect(who).toBe('me (context at-blue)')
    const options = { headers: {} as Record<string, string> }
    await apply(options)
    expect(options.headers.Authorization).toBe('Bearer canary')
  })

  it('prefers the current context among several', () => {
    const clusters = [{ name: 'c', server: 'https://h:443/' }]
    const contexts = ['a', 'b'].map((name) => ({ name, cluster: 'c' }))
    expect(contextsOf({ clusters, contexts }, 'https://h')).toEqual(['a', 'b'])
    expect(contextsOf({ clusters, contexts }, 'https://h:6443')).toEqual([])
  })

  it('is refused without such a context, with the servers that there are', async () => {
    await kubeconfig(KUBECONFIG)
    const error = await refusal(logIn('k8s://https://green.example.org:6443'))
    expect(error).toMatchObject({ code: 'CONFIGURATION' })
    expect(error.message).toContain('no context for this server')
    expect(error.details.join()).toContain('https://blue.example.org:6443')
  })

  it('is refused with a kubeconfig that cannot be read', async () => {
    await kubeconfig('clusters: [')
    expect(await refusal(logIn('k8s://https://h:6443'))).toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining('the kubeconfig cannot be read'),
    })
  })

  it('is none over plain HTTP', async () => {
    expect((await logIn('k8s://http://127.0.0.1:8001')).who).toContain('nobody')
  })
})
