import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { packageRoot } from '../package/root.ts'
import { settingEntries } from './settings.ts'

const reference = readFileSync(join(packageRoot, 'docs', 'reference.md'), 'utf8')

it.each(settingEntries.map(([key, setting]) => ({ key, ...setting })))(
  "the reference's table has $key with its default and meaning",
  ({ key, fallback, meaning }) => {
    expect(reference.split('\n')).toContain(
      `| \`${key}\` | ${fallback === '' ? '' : `\`${fallback}\` `}| ${meaning} |`,
    )
  },
)
