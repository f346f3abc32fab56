import { createColors } from 'picocolors'

type Colors = ReturnType<typeof createColors>

const colorsOf = ({ isTTY }: { readonly isTTY?: boolean }): Colors =>
  createColors(wantsColor(process.env, isTTY === true))

/** For standard output. On a terminal only: a pipe or a file gets plain text, in CI too, unless FORCE_COLOR is set. */
export const colors: Colors = colorsOf(process.stdout)

/** The same for standard error, which may be a file while standard output is a terminal. */
export const errorColors: Colors = colorsOf(process.stderr)

/** Follows https://no-color.org and https://force-color.org; an empty value or FORCE_COLOR=0 counts as not set. */
export function wantsColor(env: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR && env.FORCE_COLOR !== '0') return true
  return isTerminal && env.TERM !== 'dumb'
}
