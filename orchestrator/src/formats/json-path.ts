/** The steps from a JSON value to one inside of it: the key of an object, or the index of an array's element. */
export type JsonPath = readonly (string | number)[]

const STEP = /\.([^.[\]\s*?$]+)|\[(\d{1,9})\]|\['([^']+)'\]|\["([^"]+)"\]/y

/**
 * The steps of a path such as `$.a.b[0]`, `a.b` or `$['a.b'].c`; undefined if it is none, or has no step. There are no
 * wildcards: a path leads to one value.
 */
export function parseJsonPath(text: string): JsonPath | undefined {
  const steps: (string | number)[] = []
  const rooted = text.startsWith('$') ? text.slice(1) : /^[.[]/.test(text) ? text : `.${text}`
  let at = 0
  while (at < rooted.length) {
    STEP.lastIndex = at
    const match = STEP.exec(rooted)
    if (!match) return undefined
    const [all, name, index, single, double] = match
    steps.push(index === undefined ? (name ?? single ?? double ?? '') : Number(index))
    at += all.length
  }
  return steps.length > 0 ? steps : undefined
}

/** The path as Spark's `get_json_object` reads it; undefined if it has no way to name one of the keys. */
export function sparkJsonPath(path: JsonPath): string | undefined {
  const steps = path.map(sparkStep)
  return steps.includes(undefined) ? undefined : `$${steps.join('')}`
}

const UNBRACKETED = /['?]/
/** What could move the cursor or reorder text where the path is shown. */
const INVISIBLE = /\p{C}|\p{Zl}|\p{Zp}/u

/** Spark knows no escape: a key with a quote has no brackets and dots, and what is special in brackets is not in it. */
function sparkStep(step: string | number): string | undefined {
  if (typeof step === 'number') return `[${step}]`
  if (/^[\w@-]+$/.test(step)) return `.${step}`
  if (step.trim() !== step || INVISIBLE.test(step) || step === '*') return undefined
  if (!UNBRACKETED.test(step)) return `['${step}']`
  return /[.[]/.test(step) ? undefined : `.${step}`
}

/** The value that a path leads to; undefined if there is none. */
export function valueAt(value: unknown, path: JsonPath): unknown {
  let found = value
  for (const step of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, step)) return undefined
    found = (found as Readonly<Record<string | number, unknown>>)[step]
  }
  return found
}
