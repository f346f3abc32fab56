import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from './root.ts'

/** The fields of our package.json that are read here. */
interface PackageJson {
  readonly version: string
  readonly bugs: { readonly url: string }
}

/** The version of this tool. */
export const version = (): string => packageJson().version

/** Where bugs are reported. */
export const issuesUrl = (): string => packageJson().bugs.url

function packageJson(): PackageJson {
  return JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'))
}
