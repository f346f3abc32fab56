import type { Origin, ResolvedSetting } from './config.ts'

const PLACES: Readonly<Record<Exclude<Origin, 'default'>, string>> = {
  flag: 'by --set',
  environment: 'in the environment',
  '.env': 'in .env',
  '--settings': 'in the file of --settings',
  up: 'when the stack was started',
  submit: 'when the job was submitted',
}

/** What Kubernetes and GitLab set for each service that a container can reach: for `kafka`, KAFKA_PORT. */
const SERVICE_LINK = /^(?:tcp|udp|sctp):\/\/[\d.:a-f[\]]+:\d+$/

/** A problem, followed by where each setting that it names was set. */
export function withOrigin(problem: string, resolved: readonly ResolvedSetting[]): string {
  const named = resolved.filter(({ key, origin }) => origin !== 'default' && names(problem, key))
  const places = named.flatMap(({ key, origin }) =>
    origin === 'default' ? [] : [`${key} is set ${PLACES[origin]}`],
  )
  const link = named.find(({ origin, value }) => origin === 'environment' && SERVICE_LINK.test(value))
  if (link) places.push(`Kubernetes sets it for a service of that name: override it with --set ${link.key}=…`)
  return places.length > 0 ? `${problem} (${places.join('; ')})` : problem
}

/** Does the text name this setting, and not only one whose name contains it? */
export function names(text: string, key: string): boolean {
  const found = text.indexOf(key)
  if (found < 0) return false
  const isPart = (character = '') => /[\w.]/.test(character)
  return (
    (!isPart(text[found - 1]) && !isPart(text[found + key.length])) ||
    names(text.slice(found + key.length), key)
  )
}
