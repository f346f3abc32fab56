import { parseJsonPath, sparkJsonPath } from '../formats/json-path.ts'
import { FORMATS, type InputFormat, meantFormat, notRead } from '../formats/names.ts'
import { type Parser, Problem } from './parsers.ts'

const choices = `write one of ${FORMATS.join(', ')}, auto`

/** The format of the input records; `auto`: `submit` looks at real records. */
export const inputFormat: Parser<InputFormat | 'auto'> = (text) => {
  const name = text.toLowerCase()
  if (name === 'auto') return name
  const format = FORMATS.find((each) => each === name)
  if (format) return format
  const [what, instead] = notRead(name) ?? []
  if (what !== undefined && instead !== undefined) throw new Problem(what, instead)
  const meant = meantFormat(name)
  throw new Problem('not one of the formats', meant ? `write ${meant}` : choices)
}

/** The path of a value in a JSON record, as Spark's `get_json_object` takes it. */
export const jsonPath: Parser<string> = (text) => {
  const steps = parseJsonPath(text)
  if (!steps)
    throw new Problem(
      'not the path of one value',
      "write one such as $.host.cpu, cpu[0].value or $['a.b'].c, without wildcards",
    )
  const path = sparkJsonPath(steps)
  if (path !== undefined) return path
  throw new Problem(
    'has a key that Spark cannot name: with both a quote and a dot, with blanks at its ends or with invisible characters',
    'let the producer name that field otherwise',
  )
}

/** The series of a JSON record: undefined is the record's key. */
export const inputSeries: Parser<string | undefined> = (text) =>
  text.toLowerCase() === 'key' ? undefined : jsonPath(text)
