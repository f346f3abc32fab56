import { expect, it } from 'vitest'
import { elsewhere, hasRebooted, otherMachine, type Place, thisPlace } from './place.ts'

const here: Place = { host: 'atlas', boot: 'b1', pidNamespace: 'pid:[1]', netNamespace: 'net:[1]' }

it.each<[string, Partial<Place>, string | undefined]>([
  ['here', {}, undefined],
  ['under an older name of this machine', { host: 'localhost' }, undefined],
  ['before a reboot', { boot: 'b0', pidNamespace: 'pid:[7]' }, undefined],
  ['on another machine', { host: 'rhea', boot: 'b0' }, 'on the host rhea'],
  ['in another PID namespace', { pidNamespace: 'pid:[2]' }, 'in another PID namespace'],
  ['in another network namespace', { netNamespace: 'net:[2]' }, 'in another network namespace'],
])('tells a place %s', (_, there, where) => {
  const found = elsewhere({ ...here, ...there }, here)
  if (where === undefined) expect(found).toBeUndefined()
  else expect(found).toContain(where)
})

it('tells a reboot from another machine', () => {
  expect(hasRebooted({ ...here, boot: 'b0' }, here)).toBe(true)
  expect(otherMachine({ ...here, boot: 'b0' }, here)).toBeUndefined()
  expect(hasRebooted({ ...here, host: 'rhea', boot: 'b0' }, here)).toBe(false)
  expect(otherMachine({ ...here, host: 'rhea', boot: 'b0' }, here)).toBe('rhea')
})

it('counts a place as here if the system does not tell', () => {
  expect(elsewhere({ host: 'rhea' }, here)).toBeUndefined()
  expect(elsewhere(here, { host: 'rhea' })).toBeUndefined()
})

it.skipIf(process.platform !== 'linux')('has all fields (Linux)', async () => {
  expect(Object.keys(await thisPlace()).sort()).toEqual(['boot', 'host', 'netNamespace', 'pidNamespace'])
})
