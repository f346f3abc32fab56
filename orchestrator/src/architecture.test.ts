import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packageRoot } from './package/root.ts'

const SOURCES = join(packageRoot, 'orchestrator', 'src')
const OPEN_TO_ALL = 'errors'

/** A source file's room, and the rooms and packages that it imports. */
interface SourceFile {
  readonly room: string
  readonly rooms: readonly string[]
  readonly packages: readonly string[]
}

const sources = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !/\.(?:test|fixture|d)\.ts$/.test(file))
  .map(readSource)

function readSource(file: string): SourceFile {
  const text = readFileSync(join(SOURCES, file), 'utf8')
  const imports = [...text.matchAll(/(?:\bfrom\s+|\bimport\(\s*|^import\s+)'([^']+)'/gm)].map(
    ([, from = '']) => from,
  )
  const roomsOf = (from: string) => roomOf(relative(SOURCES, resolve(SOURCES, dirname(file), from)))
  return {
    room: roomOf(file),
    rooms: imports.filter((from) => from.startsWith('.')).map(roomsOf),
    packages: imports.filter((from) => !/^(?:\.|node:)/.test(from)),
  }
}

/** The folder of a file; a file in the root is its own room. */
function roomOf(file: string): string {
  return dirname(file) === '.' ? file.replace(/\.ts$/, '') : dirname(file)
}

/** A table of docs/architecture.md: the name in the first cell of each row, and the names in its last cell. */
function readTable(header: string): Map<string, string[]> {
  const text = readFileSync(join(packageRoot, 'docs', 'architecture.md'), 'utf8')
  const table = text.slice(text.indexOf(header)).split('\n\n', 1)[0] ?? ''
  const names = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)
  const rows = table.split('\n').slice(2)
  return new Map(
    rows
      .map((row) => row.split('|').slice(1, -1))
      .map((cells) => [names(cells[0])[0] ?? '', names(cells.at(-1))]),
  )
}

describe('the rooms of docs/architecture.md', () => {
  const rooms = readTable('| room |')
  const order = [...rooms.keys()]
  const imported = new Map<string, Set<string>>()
  for (const { room, rooms: others } of sources)
    for (const other of others.filter((name) => name !== room && name !== OPEN_TO_ALL))
      imported.set(room, (imported.get(room) ?? new Set()).add(other))

  it('are exactly the folders of orchestrator/src', () => {
    const folders = new Set(sources.map(({ room }) => room).filter((room) => room !== OPEN_TO_ALL))
    expect(order.toSorted()).toEqual([...folders].sort())
  })

  it(`has ${OPEN_TO_ALL} below all of them: it imports none`, () => {
    expect([...(imported.get(OPEN_TO_ALL) ?? [])]).toEqual([])
  })

  it.each(order)('%s imports exactly the rooms that its row names', (room) => {
    expect([...(imported.get(room) ?? [])].sort()).toEqual(rooms.get(room)?.toSorted())
  })

  it.each(order)('%s imports only rooms below it', (room) => {
    const upwards = [...(imported.get(room) ?? [])].filter(
      (other) => order.indexOf(other) <= order.indexOf(room),
    )
    expect(upwards).toEqual([])
  })
})

describe('a package that is used in one place only', () => {
  it.each([...readTable('| package |')])('%s is imported only in %j', (name, places) => {
    const isOf = (from: string) => `${from}/`.startsWith(`${name}/`)
    const users = sources.filter(({ packages }) => packages.some(isOf)).map(({ room }) => room)
    const outsiders = users.filter((room) => !places.some((place) => `${room}/`.startsWith(`${place}/`)))
    expect(users).not.toEqual([])
    expect(outsiders).toEqual([])
  })
})
