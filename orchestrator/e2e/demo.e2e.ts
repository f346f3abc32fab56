import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { expectNothingLeft } from './helpers/guarantees.ts'
import { Stack } from './helpers/stack.ts'
import { waitFor } from './helpers/wait-for.ts'

it('the demo finds the anomalies of its hour, shows a summary, and leaves nothing behind', async () => {
  const stack = await Stack.create('local')
  const { exitCode, stdout, stderr } = await stack.cli(['demo'])
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
  expect(stdout.split('\n').filter((line) => / ERROR /.test(line)).length).toBeGreaterThanOrEqual(10)
  const [, sent, counted] = stdout.match(/([\d,]+) sent, ([\d,]+) counted/) ?? []
  expect(counted).toBe(sent)
  expect(Number(sent?.replaceAll(',', ''))).toBeGreaterThan(72_000)
  expect(stdout).toMatch(/live latency +│ median [\d,]+ ms, 95 % within [\d,]+ ms/)
  expect(existsSync(join(stack.folder, 'storage-demo'))).toBe(false)
  await expectNothingLeft(stack)
})

it('the demo cleans up after Ctrl-C', async () => {
  const stack = await Stack.create('local')
  const running = stack.start(['demo'])
  await waitFor(
    'the driver of the demo',
    async () => {
      const log = join(stack.folder, 'storage-demo', 'logs', 'driver.log')
      return { done: existsSync(log), value: undefined, seen: 'no driver log yet' }
    },
    120_000,
  )
  running.kill('SIGINT')
  expect((await running).exitCode).toBe(130)
  await expectNothingLeft(stack)
})
