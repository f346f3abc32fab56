import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packageRoot } from './package/root.ts'

const SOURCES = join(packageRoot, 'orchestrator', 'src')
const OPEN_TO_ALL = 'errors'

/** A source file with what it imports: rooms of ours, and packages. */
interface Source {
  readonly room: string
  readonly rooms: readonly string[]
  readonly packages: readonly string[]
}

const sources = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !/\.(?:test|fixture|d)\.ts$/.test(file))
  .map(readSource)

function readSource(file: string): Source {
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

/** A file's folder; a file of the root is a room of its own. */
function roomOf(file: string): string {
  return dirname(file) === '.' ? file.replace(/\.ts$/, '') : dirname(file)
}

/** Rows of the tables in docs/architecture.md, by the name in their first cell; of the last cell, the names in it. */
function drawn(header: string): Map<string, string[]> {
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
  const rooms = drawn('| room |')
  const order = [...rooms.keys()]
  const imported = new Map<string, Set<string>>()
  for (const { room, rooms: others } of sources)
    for (const other of others.filter((name) => name !== room && name !== OPEN_TO_ALL))
      imported.set(room, (imported.get(room) ?? new Set()).add(other))

  it('are the folders that there are', () => {
    const folders = new Set(sources.map(({ room }) => room).filter((room) => room !== OPEN_TO_ALL))
    expect(order.toSorted()).toEqual([...folders].sort())
  })

  it.each(order)('%s imports what is drawn, no more and no less', (room) => {
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
  it.each([...drawn('| package |')])('%s is imported only in %j', (name, places) => {
    const users = sources.filter(({ packages }) => packages.includes(name)).map(({ room }) => room)
    const strangers = users.filter((room) => !places.some((place) => `${room}/`.startsWith(`${place}/`)))
    expect(users).not.toEqual([])
    expect(strangers).toEqual([])
  })
})
