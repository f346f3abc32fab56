/** What is wrong with a time zone of a baseline; undefined if nothing is. Spark's Java knows the same names as Node. */
export function timezoneProblem(name: string): string | undefined {
  // Node takes more for one: other cases, offsets, three letters with several meanings.
  if (!/^(?:UTC|[A-Za-z_]+(?:\/[A-Za-z0-9_+-]+)+)$/.test(name)) return WANTED
  const canonical = canonicalName(name)
  if (canonical === undefined) return `no time zone has this name; ${WANTED}`
  if (canonical !== name && canonical.toLowerCase() === name.toLowerCase()) return `is spelled ${canonical}`
  return undefined
}

const WANTED = 'expected UTC or a name such as Europe/Berlin'

/** Undefined if there is no such time zone. An alias such as Asia/Kolkata may have another one. */
function canonicalName(name: string): string | undefined {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
