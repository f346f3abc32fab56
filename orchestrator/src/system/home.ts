import { homedir } from 'node:os'

/** The user's home folder; undefined for a user whom the system does not know, if HOME is not set either. */
export function homeFolder(): string | undefined {
  try {
    return homedir() || undefined
  } catch {
    return undefined
  }
}
