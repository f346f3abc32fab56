import type { Sighting } from './sighting.ts'
import { type Metric, telegrafSighting } from './telegraf.ts'

const HEAD = /((?:\\.|[^\\ ,])+)((?:,(?:\\.|[^\\ ,=])+=(?:\\.|[^\\ ,])+)*) /y
const FIELD = /((?:\\.|[^\\ ,="])+)=("(?:\\.|[^\\"])*"|[^ ,"]+)(,| |$)/y
const TIME = /^-?\d{1,19}$/
const TAG = /,((?:\\.|[^\\ ,=])+)=((?:\\.|[^\\ ,])+)/g
const VALUE = /^(?:"|[tf]$|true$|false$|[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?[iu]?$|[+-]?(?:nan|inf))/i

/** What a text of influx line protocol holds; undefined if one of its lines is something else. */
export function recogniseInflux(text: string): Sighting | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'))
  const metrics = lines.map(parseLine)
  if (metrics.length === 0 || metrics.includes(undefined)) return undefined
  return telegrafSighting(
    'telegraf (influx line protocol)',
    metrics.flatMap((metric) => metric ?? []),
  )
}

/** One line: `measurement,tag=value field=value,field=value time`. */
function parseLine(line: string): Metric | undefined {
  HEAD.lastIndex = 0
  const head = HEAD.exec(line)
  if (!head) return undefined
  const [, name = '', tagText = ''] = head
  const fields: [string, unknown][] = []
  let at = HEAD.lastIndex
  for (let end = ','; end === ','; ) {
    FIELD.lastIndex = at
    const field = FIELD.exec(line)
    if (!field) return undefined
    const [all, key = '', value = '', separator = ''] = field
    if (!VALUE.test(value)) return undefined
    fields.push([
      unescaped(key),
      value.startsWith('"') ? value.slice(1, -1) : Number(value.replace(/[iu]$/, '')),
    ])
    at += all.length
    end = separator
  }
  const time = line.slice(at).trim()
  if (!TIME.test(time)) return undefined // Telegraf always writes it, and the job needs it
  const tags = [...tagText.matchAll(TAG)].map(([, key = '', value = '']) => [
    unescaped(key),
    unescaped(value),
  ])
  return { name: unescaped(name), tags: Object.fromEntries(tags), fields: Object.fromEntries(fields) }
}

const unescaped = (text: string): string => text.replace(/\\([,= ])/g, '$1')
