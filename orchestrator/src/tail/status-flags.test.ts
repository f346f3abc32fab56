import { expect, it } from 'vitest'
import { CliError } from '../errors.ts'
import { type StatusFlags, selectStatuses } from './status-flags.ts'

it.each<[StatusFlags, readonly string[]]>([
  [{}, ['WARN', 'ERROR']],
  [{ all: true }, ['SAFE', 'WARN', 'ERROR']],
  [{ status: 'safe' }, ['SAFE']],
  [{ status: 'Error, warn,error' }, ['ERROR', 'WARN']],
])('selects with %j: %j', (flags, expected) => {
  expect([...selectStatuses(flags)]).toEqual(expected)
})

it.each<[StatusFlags, string]>([
  [{ all: true, status: 'warn' }, '--all and --status contradict each other'],
  [{ status: '' }, '--status: unknown status ""'],
  [{ status: 'warn,' }, '--status: unknown status ""'],
  [{ status: 'warn,fatal' }, '--status: unknown status "fatal"'],
])('rejects %j', (flags, message) => {
  expect(() => selectStatuses(flags)).toThrow(CliError)
  expect(() => selectStatuses(flags)).toThrow(expect.objectContaining({ code: 'USAGE', message }))
})
