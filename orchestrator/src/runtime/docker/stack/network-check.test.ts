import { describe, expect, it } from 'vitest'
import { otherNetwork, requireOneKind } from './network-check.ts'

describe('the servers of a given Kafka', () => {
  it.each([['127.0.0.1:1', 'localhost:2', '[::1]:3'], ['a:1', '10.0.0.2:2'], ['a:1']])(
    'are all on this machine, or all elsewhere: %s',
    (...servers) => {
      expect(() => requireOneKind({ servers })).not.toThrow()
    },
  )

  it('cannot be both, which does not tell which network is meant', () => {
    const servers = ['localhost:1', 'a:2', '127.0.0.1:3']
    expect(() => requireOneKind({ servers })).toThrow(
      expect.objectContaining({
        code: 'CONFIGURATION',
        message: expect.stringMatching(/\(localhost:1, 127\.0\.0\.1:3\) beside other addresses \(a:2\)/),
        hint: expect.stringContaining('RUNTIME=local'),
      }),
    )
  })
})

describe("a container in the network of the engine's machine", () => {
  const engine = { name: 'box', system: 'Debian GNU/Linux 12 (bookworm)', isRootless: false }
  const here = { name: 'box', platform: 'linux' } as const

  it('is in that of this program if both are on one Linux machine', () => {
    expect(otherNetwork(engine, here)).toBeUndefined()
  })

  it.each([
    ['on a Mac', engine, { ...here, platform: 'darwin' as const }, /virtual machine/],
    ['with Docker Desktop', { ...engine, system: 'Docker Desktop' }, here, /^Docker Desktop/],
    ['with rootless Docker', { ...engine, isRootless: true }, here, /^rootless Docker/],
    [
      'with an engine elsewhere',
      { ...engine, name: 'colima' },
      here,
      /^the engine runs on colima, .* on box$/,
    ],
  ])('is in another %s', (_, machine, where, why) => {
    expect(otherNetwork(machine, where)).toMatch(why)
  })
})
