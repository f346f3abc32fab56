import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { followFile } from '../../src/system/follow-file.ts'

const LOG = /^\/api\/v1\/namespaces\/[^/]+\/pods\/([^/]+)\/log$/
const REVIEWS = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
const ALL = 1_000_000

interface Review {
  readonly spec: { readonly resourceAttributes: { readonly verb: string; readonly resource: string } }
}

/** Passes requests on to the API, except for those that it does not know: logs, reviews of access, and applying an object again. */
export class KubernetesDoor {
  /** What this user may not do, such as `create secrets`; the API itself lets everybody do everything. */
  denied: readonly string[] = []
  readonly #api: string
  readonly #pods: string
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)))
  })

  /** `pods`: the folder that has a folder with a `log` for each pod. */
  constructor(api: string, pods: string) {
    this.#api = api
    this.#pods = pods
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async open(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, search, searchParams } = new URL(request.url ?? '', this.#api)
    const pod = LOG.exec(pathname)?.[1]
    if (pod) return this.#log(pod, searchParams, response)
    if (pathname === REVIEWS) return this.#review(request, response)
    const isApply = request.headers['content-type'] === 'application/apply-patch+yaml'
    if (isApply) await fetch(this.#api + pathname, { method: 'DELETE' })
    const body = await text(request)
    const answer = await fetch(this.#api + pathname + search, {
      method: request.method ?? 'GET',
      headers: { 'content-type': request.headers['content-type'] ?? 'application/json' },
      ...(body && { body }),
    })
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text())
  }

  async #review(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { spec } = JSON.parse(await text(request)) as Review
    const { verb, resource } = spec.resourceAttributes
    const status = { allowed: !this.denied.includes(`${verb} ${resource}`) }
    response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify({ spec, status }))
  }

  async #log(pod: string, query: URLSearchParams, response: ServerResponse): Promise<void> {
    response.writeHead(200, { 'content-type': 'text/plain' })
    const over = new AbortController()
    response.once('close', () => over.abort())
    const options = { follow: query.get('follow') === 'true', lines: Number(query.get('tailLines') ?? ALL) }
    for await (const line of followFile(join(this.#pods, pod, 'log'), options, over.signal))
      response.write(`${line}\n`)
    response.end()
  }
}
