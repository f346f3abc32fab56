import { expect, it } from 'vitest'
import { ivySettings } from './ivy.ts'

it.each([
  ['/home/me/.cache', '/home/me/.cache'],
  ['/mnt/R&D/<new>/"x"', '/mnt/R&#38;D/&#60;new>/&#34;x&#34;'],
])('keeps the settings well-formed XML with the cache at %s', (cache, value) => {
  expect(ivySettings(cache)).toContain(`<caches defaultCacheDir="${value}"/>`)
})
