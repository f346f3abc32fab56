import { expect, it } from 'vitest'
import { ivyContainer } from './connector-jars.ts'

it("gives Ivy the shell's proxy, without its login", () => {
  const { Cmd } = ivyContainer('spark', 'id', { HTTPS_PROXY: 'http://me:hush@proxy.example:3128' })
  expect(Cmd?.slice(0, 4)).toEqual([
    '-Duser.home=/tmp',
    '-Dhttps.proxyHost=proxy.example',
    '-Dhttps.proxyPort=3128',
    '-cp',
  ])
})
