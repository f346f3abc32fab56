import type { Stats } from 'node:fs'
import { release } from 'node:os'
import { SECRET_KEYS } from './settings.ts'

const OTHERS = 0o077
const EXECUTABLE = 0o111

/** A warning if other users may read or write a settings file of ours that holds a secret. */
export function exposedSecrets(
  path: string,
  values: Readonly<Record<string, string>>,
  info: Pick<Stats, 'mode' | 'uid' | 'isFile'>,
): string[] {
  const secrets = Object.keys(values).filter((key) => SECRET_KEYS.has(key) && values[key] !== '')
  const isOpen = info.isFile() && info.uid === process.getuid?.() && (info.mode & OTHERS) !== 0
  if (secrets.length === 0 || !isOpen || hasNoModes(info)) return []
  const quoted = /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
  return [`other users can read ${secrets.join(' and ')} in ${path}; run \`chmod 600 ${quoted}\``]
}

/** A drive of Windows in WSL shows each file as executable, and `chmod` does not change that. */
const hasNoModes = ({ mode }: Pick<Stats, 'mode'>): boolean =>
  (mode & EXECUTABLE) !== 0 && /microsoft/i.test(release())
