import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import { KubernetesApi } from './api.ts'
import { logIn } from './login.ts'

export interface Asked {
  readonly method: string
  readonly path: string
  readonly body: unknown
}

interface Answer {
  readonly status?: number
  readonly body: unknown
}

/** A client of an API server that answers like this; `asked` has the requests that came, in order. */
export async function apiThatSays(
  answer: (asked: Asked) => Answer,
): Promise<{ readonly api: KubernetesApi; readonly asked: Asked[]; readonly url: string }> {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    const body = await text(request)
    const one = {
      method: request.method ?? '',
      path: request.url ?? '',
      body: body === '' ? undefined : JSON.parse(body),
    }
    asked.push(one)
    const { status = 200, body: said } = answer(one)
    response.writeHead(status).end(typeof said === 'string' ? said : JSON.stringify(said))
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { api: new KubernetesApi(() => logIn(`k8s://${url}`)), asked, url }
}
