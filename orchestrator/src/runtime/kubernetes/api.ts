import { once } from 'node:events'
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { type RequestOptions, request as requestHttps } from 'node:https'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { parseJson } from '../../system/json.ts'
import { ApiRefusal, unreachable } from './failures.ts'
import type { Login } from './login.ts'

/** How long the API may take to begin an answer. */
const ANSWER_MS = 15_000

export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly query?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body?: unknown
  readonly contentType?: string
  readonly signal?: AbortSignal | undefined
}

/** Requests to the API of one cluster. Each throws ApiRefusal for a status of 400 or more; CliError CLUSTER_UNREACHABLE without an answer. */
export class KubernetesApi {
  readonly #login: () => Promise<Login>

  /** Logs in when it is first asked something. */
  constructor(logIn: () => Promise<Login>) {
    let login: Promise<Login> | undefined
    this.#login = () => {
      login ??= logIn()
      return login
    }
  }

  login(): Promise<Login> {
    return this.#login()
  }

  /** The object that the API answers with. */
  async ask<T>(path: string, request: ApiRequest = {}): Promise<T> {
    const response = await this.#send(path, request)
    return parseJson(await text(response)) as T
  }

  /** The same; undefined if there is no such object. */
  async find<T>(path: string, request: ApiRequest = {}): Promise<T | undefined> {
    try {
      return await this.ask<T>(path, request)
    } catch (error) {
      if (error instanceof ApiRefusal && error.status === 404) return undefined
      throw error
    }
  }

  /** The lines of an answer, as they arrive; ends quietly when the signal aborts. */
  async *lines(path: string, request: ApiRequest): AsyncGenerator<string> {
    const response = await this.#send(path, request)
    try {
      for await (const line of createInterface({ input: response, crlfDelay: Number.POSITIVE_INFINITY })) {
        if (request.signal?.aborted) return
        yield line
      }
    } catch (error) {
      if (!request.signal?.aborted) throw error
    } finally {
      response.destroy()
    }
  }

  async #send(path: string, request: ApiRequest): Promise<IncomingMessage> {
    const login = await this.#login()
    const response = await answer(login, path, request).catch((error: unknown) => {
      request.signal?.throwIfAborted()
      throw unreachable(login.url, error)
    })
    const status = response.statusCode ?? 0
    if (status < 400) return response
    throw new ApiRefusal(status, `${request.method ?? 'GET'} ${path}`, await text(response), login)
  }
}

async function answer(login: Login, path: string, asked: ApiRequest): Promise<IncomingMessage> {
  const { method = 'GET', query = {}, body, contentType = 'application/json', signal } = asked
  const options: RequestOptions = {
    method,
    headers: { accept: 'application/json' },
    ...(signal && { signal }),
  }
  await login.apply(options)
  const url = new URL(login.url + path)
  url.search = new URLSearchParams(query).toString()
  const content = body === undefined ? undefined : JSON.stringify(body)
  if (content !== undefined)
    options.headers = {
      ...options.headers,
      'content-type': contentType,
      'content-length': Buffer.byteLength(content),
    }
  const sent = (url.protocol === 'http:' ? requestHttp : requestHttps)(url, options)
  const late = setTimeout(() => sent.destroy(new Error(`no answer within ${ANSWER_MS / 1_000} s`)), ANSWER_MS)
  try {
    sent.end(content)
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    return response
  } finally {
    clearTimeout(late)
  }
}
