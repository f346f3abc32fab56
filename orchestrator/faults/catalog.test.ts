import { expect, it } from 'vitest'
import type { Setup } from '../e2e/helpers/modes.ts'
import { drawFaults, fitting, isKill, namedFaults } from './catalog.ts'
import type { Fault } from './fault.ts'
import { Random } from './random.ts'

const setup: Setup = {
  runtime: 'local',
  available: true,
  title: 'local, micro-batch',
  mode: 'micro-batch',
  settings: {},
  triesLines: true,
  triesAll: true,
}
const faults = fitting(namedFaults(undefined), setup)

function draw(seed: number, count: number): readonly Fault[] {
  const drawn = drawFaults(faults, new Random(seed, 'test'))
  return Array.from({ length: count }, () => drawn.next().value as Fault)
}

it('draws each fault once before any of them again, and first the kills', () => {
  const round = draw(7, faults.length)
  expect(new Set(round).size).toBe(faults.length)
  expect(
    round
      .slice(0, 3)
      .map(({ name }) => name)
      .sort(),
  ).toEqual(['broker: SIGKILL', 'driver: SIGKILL', 'supervisor: SIGKILL'])
  const next = draw(7, faults.length + 3).slice(faults.length)
  expect(next.every(isKill)).toBe(true)
})

it('draws the same faults from the same seed, and others from another one', () => {
  const names = (seed: number) => draw(seed, faults.length).map(({ name }) => name)
  expect(names(1)).toEqual(names(1))
  expect(names(1)).not.toEqual(names(2))
})

it('names every fault once', () => {
  const names = namedFaults(undefined).map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
})

it('refuses a pattern that no fault matches', () => {
  expect(() => namedFaults(/no such fault/)).toThrow(/no such fault/)
})
