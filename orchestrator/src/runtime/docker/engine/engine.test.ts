import { describe, expect, it } from 'vitest'
import { noEngine, type Refusal } from './engine.ts'

const refusal = (code: string, url = `unix:///${code}.sock`): Refusal => ({
  endpoint: { url, origin: 'its standard socket' },
  code,
  message: `connect ${code} ${url}`,
})

describe('noEngine', () => {
  it.each<[string, readonly Refusal[], RegExp, RegExp]>([
    [
      'no socket at all',
      [refusal('ENOENT'), refusal('ENOENT')],
      /^no Docker engine is running$/,
      /RUNTIME=local/,
    ],
    [
      'the only candidate missing',
      [refusal('ENOENT')],
      /no Docker engine is running at unix:\/\/\/ENOENT/,
      /RUNTIME=local/,
    ],
    [
      'a socket without permission',
      [refusal('ENOENT'), refusal('EACCES')],
      /no permission to use Docker: unix:\/\/\/EACCES/,
      /usermod -aG docker/,
    ],
    [
      'a socket without a listener',
      [refusal('ECONNREFUSED'), refusal('ENOENT')],
      /does not answer at unix:\/\/\/ECONNREFUSED.*standard socket/,
      /\S/,
    ],
    [
      'an engine that hangs',
      [refusal('ETIMEDOUT'), refusal('ECONNREFUSED')],
      /does not answer at unix:\/\/\/ETIMEDOUT/,
      /\S/,
    ],
    [
      'something else',
      [refusal('ENOENT'), refusal('ENOTSOCK')],
      /does not answer at unix:\/\/\/ENOTSOCK/,
      /\S/,
    ],
    [
      'a missing permission before everything else',
      [refusal('ECONNREFUSED'), refusal('ETIMEDOUT'), refusal('EPERM')],
      /no permission/,
      /\S/,
    ],
  ])('names the most informative cause: %s', (_, refusals, message, hint) => {
    const error = noEngine(refusals)
    expect(error.code).toBe('DOCKER_UNAVAILABLE')
    expect(error.message).toMatch(message)
    expect(error.hint).toMatch(hint)
    for (const { endpoint } of refusals) expect(String(error.cause)).toContain(endpoint.url)
  })
})
