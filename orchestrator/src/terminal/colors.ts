import { createColors } from 'picocolors'

type Colors = ReturnType<typeof createColors>

/** Colours for a terminal alone: a pipe or a file gets plain text, on a CI machine too, unless FORCE_COLOR asks for them. */
export const colors: Colors = createColors(wantsColor(process.env, process.stdout.isTTY === true))

/** By https://no-color.org and https://force-color.org; an empty value or a FORCE_COLOR of 0 says nothing. */
export function wantsColor(env: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR && env.FORCE_COLOR !== '0') return true
  return isTerminal && env.TERM !== 'dumb'
}
