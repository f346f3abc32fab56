import { expect, it } from 'vitest'
import { configWith } from '../../config/load.fixture.ts'
import { neededMb } from './checks.ts'

it("counts a broker's memory only if the stack starts one", async () => {
  const own = neededMb(await configWith())
  const given = neededMb(await configWith(['KAFKA_SERVERS=127.0.0.1:19092']))
  expect(own - given).toBe(717) // 70 % of the container's limit
})
