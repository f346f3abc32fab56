import { expect, it } from 'vitest'
import { CliError } from '../errors.ts'
import { type SelectionFlags, selectedStatuses } from './selection.ts'

it.each<[SelectionFlags, readonly string[]]>([
  [{}, ['WARN', 'ERROR']],
  [{ all: true }, ['SAFE', 'WARN', 'ERROR']],
  [{ status: 'safe' }, ['SAFE']],
  [{ status: 'Error, warn,error' }, ['ERROR', 'WARN']],
])('%j selects %j', (flags, expected) => {
  expect([...selectedStatuses(flags)]).toEqual(expected)
})

it.each<[SelectionFlags, string]>([
  [{ all: true, status: 'warn' }, '--all and --status contradict each other'],
  [{ status: '' }, '--status: an empty name is no status'],
  [{ status: 'warn,' }, '--status: an empty name is no status'],
  [{ status: 'warn,fatal' }, '--status: fatal is no status'],
])('%j is refused', (flags, message) => {
  expect(() => selectedStatuses(flags)).toThrow(CliError)
  expect(() => selectedStatuses(flags)).toThrow(expect.objectContaining({ code: 'USAGE', message }))
})
