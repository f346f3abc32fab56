import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { childEnvironment, type ShellEnvironment } from '../../system/child-environment.ts'
import { run } from '../../system/run.ts'
import type { FetchJars } from '../install-jars.ts'
import { ivyModule, ivySettings, JARS_HINT, retrieveArgs } from '../ivy.ts'
import { javaProxyOptions } from '../java-proxy.ts'
import { localeOptions } from './java-options.ts'

export interface LocalIvy {
  /** Path of the java command. */
  readonly java: string
  /** Path of the Ivy jar that comes with pyspark. */
  readonly jar: string
  /** The user's own Ivy settings file (`spark.jars.ivySettings`), for a mirror or a proxy. */
  readonly settings: string | undefined
  /** The variables of the shell. */
  readonly env: ShellEnvironment
  readonly signal: AbortSignal
}

/** Fetches jars with Ivy as a process of this machine. */
export function fetchJarsLocally({ java, jar, settings, env, signal }: LocalIvy): FetchJars {
  return async (jars, dir, onLine) => {
    const work = join(dir, 'ivy')
    const ownSettings = join(work, 'settings.xml')
    await mkdir(work, { recursive: true })
    await writeFile(join(work, 'ivy.xml'), ivyModule(jars))
    await writeFile(ownSettings, ivySettings(join(work, 'cache')))
    const args = ['-jar', jar, ...retrieveArgs(settings ?? ownSettings, dir, work)]
    await run([java, [...localeOptions, ...javaProxyOptions(env), ...args]], {
      env: childEnvironment('java', env),
      signal,
      onLine,
      failAs: 'DOWNLOAD_FAILED',
      hint: JARS_HINT,
    })
    await rm(work, { recursive: true })
  }
}
