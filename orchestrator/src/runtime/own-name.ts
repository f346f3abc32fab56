import type { RuntimeName } from '../config/config.ts'

/** The name of a file that each runtime has for itself: a folder may have been up on both, one after the other. */
export const ownName = (runtime: RuntimeName, name: string): string =>
  runtime === 'local' ? name : `${runtime}-${name}`
