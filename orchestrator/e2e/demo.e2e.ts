import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { expectNothingLeft } from './helpers/guarantees.ts'
import { Stack } from './helpers/stack.ts'
import { waitFor } from './helpers/wait-for.ts'

it('the demo learns what is normal, finds its burst and nothing else, and leaves nothing behind', async () => {
  const stack = await Stack.create('local')
  const { exitCode, stdout, stderr } = await stack.cli(['demo'])
  expect(exitCode, `${stdout}\n${stderr}`).toBe(0)
  const [, sent, counted] = stdout.match(/([\d,]+) sent, ([\d,]+) counted/) ?? []
  expect(counted).toBe(sent)
  expect(Number(sent?.replaceAll(',', ''))).toBeGreaterThan(600)
  const [, found, all] = stdout.match(/burst +│ (\d+) of its (\d+) windows are anomalies/) ?? []
  expect(found).toBe(all)
  expect(Number(found)).toBeGreaterThanOrEqual(3)
  expect(stdout).toMatch(/otherwise +│ 0 of 1\d windows are anomalies/)
  expect(stdout.split('\n').filter((line) => / (?:WARN|ERROR) /.test(line)).length).toBeGreaterThanOrEqual(3)
  expect(stdout).toMatch(
    /last result +│ median [\d,]+ ms (?:before|after) its window's end; 95 % by [\d,]+ ms /,
  )
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
