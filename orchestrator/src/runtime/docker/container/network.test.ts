import { describe, expect, it } from 'vitest'
import { configWith } from '../../../config/load.fixture.ts'
import { masterAddress, usesHostNetwork } from './network.ts'

it.each([
  ['an own broker', '', false],
  ['an own broker by its address', '127.0.0.1:9093', false],
  ['brokers on this machine', '127.0.0.1:19092,localhost:19093,[::1]:19094', true],
  ['brokers elsewhere', 'kafka-1.example.org:9093', false],
  ['both, which is refused', '127.0.0.1:19092,kafka-1.example.org:9093', false],
])(
  "containers use this machine's network only for a given Kafka that no other reaches: %s",
  async (_, servers, expected) => {
    expect(usesHostNetwork(await configWith([`KAFKA_SERVERS=${servers}`]))).toBe(expected)
  },
)

describe('the address of a master', () => {
  const ids = Array.from({ length: 2_000 }, (_, index) => `storage-${index}`)

  it('is a loopback address that nobody else uses', () => {
    for (const address of ids.map(masterAddress)) {
      const [first, second, , last] = address.split('.').map(Number)
      expect([first, second === 0 || second === 255, last === 0 || last === 255], address).toEqual([
        127,
        false,
        false,
      ])
    }
  })

  it('stays the same for a folder, and differs from those of others', () => {
    expect(masterAddress('storage-1')).toBe(masterAddress('storage-1'))
    expect(new Set(ids.map(masterAddress)).size).toBe(ids.length)
  })
})
