import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { elsewhere, hasRebooted, otherMachine, type Place, thisPlace } from './place.ts'

const here: Place = {
  host: 'atlas',
  machine: 'm1',
  boot: 'b1',
  pidNamespace: 'pid:[1]',
  netNamespace: 'net:[1]',
}

it.each<[string, Partial<Place>, string | undefined]>([
  ['here', {}, undefined],
  ['under an older name of this machine', { host: 'localhost' }, undefined],
  ['before a reboot', { boot: 'b0', pidNamespace: 'pid:[7]' }, undefined],
  ['on another machine', { host: 'rhea', boot: 'b0' }, 'on the host rhea'],
  [
    'on another machine of this name',
    { machine: 'm2', boot: 'b0' },
    'on another machine with the name atlas',
  ],
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
  expect(hasRebooted({ ...here, machine: 'm2', boot: 'b0' }, here)).toBe(false)
  expect(hasRebooted({ host: 'atlas', boot: 'b0' }, here)).toBe(true) // of an older version
  expect(hasRebooted({ ...here, host: 'rhea', boot: 'b0' }, here)).toBe(false)
  expect(otherMachine({ ...here, host: 'rhea', boot: 'b0' }, here)).toBe('on the host rhea')
})

it('counts a place as here if the system does not tell', () => {
  expect(elsewhere({ host: 'rhea' }, here)).toBeUndefined()
  expect(elsewhere(here, { host: 'rhea' })).toBeUndefined()
})

it.skipIf(process.platform !== 'linux')('has all fields (Linux)', async () => {
  const { machine, ...fields } = await thisPlace()
  expect(Object.keys(fields).sort()).toEqual(['boot', 'host', 'netNamespace', 'pidNamespace'])
  const id = await readFile('/etc/machine-id', 'utf8').catch(() => '') // containers often have none
  expect(machine === undefined).toBe(id.trim() === '')
})
