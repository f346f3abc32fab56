import { expect, it } from 'vitest'
import { untilAborted } from './until-aborted.ts'

async function* idleAfter(...items: readonly number[]): AsyncGenerator<number> {
  yield* items
  await new Promise(() => {})
}

it('passes all items on', async () => {
  const items = (async function* () {
    yield* [1, 2, 3]
  })()
  const seen: number[] = []
  for await (const item of untilAborted(items, new AbortController().signal)) seen.push(item)
  expect(seen).toEqual([1, 2, 3])
})

it('ends on abort even while the source is idle', async () => {
  const controller = new AbortController()
  const seen: number[] = []
  for await (const item of untilAborted(idleAfter(1, 2), controller.signal)) {
    seen.push(item)
    if (item === 2) setImmediate(() => controller.abort())
  }
  expect(seen).toEqual([1, 2])
})

it('yields nothing once aborted', async () => {
  const seen: number[] = []
  for await (const item of untilAborted(idleAfter(), AbortSignal.abort())) seen.push(item)
  expect(seen).toEqual([])
})

it('passes an error on', async () => {
  const items = (async function* () {
    yield 1
    throw new Error('broken')
  })()
  const all = async () => {
    for await (const _ of untilAborted(items, new AbortController().signal));
  }
  await expect(all()).rejects.toThrow('broken')
})
