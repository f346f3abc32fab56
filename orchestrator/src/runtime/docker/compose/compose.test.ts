import { describe, expect, it } from 'vitest'
import { composeMissing, isAtLeast } from './compose.ts'

describe('isAtLeast', () => {
  it.each([
    ['2.23.1', true],
    ['2.23.0', false],
    ['2.24', true],
    ['2.23', false],
    ['3.0.0', true],
    ['1.29.2', false],
    ['2.40.3-desktop.1', true],
    ['2.23.1+ds1-0ubuntu1', true],
    ['2.100.0', true],
    ['nonsense', false],
  ])('2.23.1: %s is %s', (version, expected) => {
    expect(isAtLeast(version, [2, 23, 1])).toBe(expected)
  })
})

describe('composeMissing', () => {
  it.each<[string, readonly string[], boolean, RegExp]>([
    [
      'an old compose',
      ['docker compose 2.10.0'],
      true,
      /^found docker compose 2\.10\.0; the docker runtime needs Docker Compose 2\.23\.1 or newer/,
    ],
    ['the first generation', ['docker-compose 1.29.2'], true, /1\.29\.2, of the first generation/],
    [
      'docker without compose',
      [],
      true,
      /^docker has no compose command; the docker runtime needs Docker Compose 2\.23\.1 or newer/,
    ],
    ['no docker', [], false, /^the docker command is not installed/],
  ])('names what was found, what is needed and how to install it: %s', (_, tooOld, hasDocker, message) => {
    const error = composeMissing(tooOld, hasDocker)
    expect(error).toMatchObject({
      code: 'TOOL_MISSING',
      exitCode: 6,
      hint: expect.stringContaining('https://'),
    })
    expect(error.message).toMatch(message)
  })
})
