import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where this tool keeps what it has installed. */
export const cacheFolder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'cpu-anomaly')
