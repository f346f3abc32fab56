import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { asProperty, fileUri, log4jOption } from './java-options.ts'

describe('log4jOption', () => {
  it.each([
    ['/a/log4j2.properties', 'file:///a/log4j2.properties'],
    ['/my files/50%/#1/a,b.properties', 'file:///my%20files/50%25/%231/a%2Cb.properties'],
    [`/it's/"x"`, 'file:///it%27s/%22x%22'],
    ['/jürgen', 'file:///j%C3%BCrgen'],
  ])('names %s by one URI, which no list and no quote splits', (file, uri) => {
    expect(log4jOption(file)).toBe(`-Dlog4j2.configurationFile=${uri}`)
    expect(asProperty([log4jOption(file)])).toBe(log4jOption(file))
  })
})

describe('fileUri', () => {
  it.each([
    ['/c#/p/job.py', 'file:///c%23/p/job.py'],
    [
      '/50%/%20/a b/[x]{y}|^?*&;/jürgen',
      'file:///50%25/%2520/a%20b/%5Bx%5D%7By%7D%7C%5E%3F*%26%3B/j%C3%BCrgen',
    ],
  ])('names %s by one that spark-submit and Java read back', (path, uri) => {
    expect(fileUri(path)).toBe(uri)
    expect(fileURLToPath(uri)).toBe(path)
  })
})

describe('asProperty', () => {
  it.each([
    ['-Da=/b', '-Da=/b'],
    ['-Da=/b c', '"-Da=/b c"'],
    [`-Da=/it's/"x"\\y`, `"-Da=/it's/\\"x\\"\\\\y"`],
  ])('quotes %s as Spark splits it', (option, text) => {
    expect(asProperty([option, '-Dz'])).toBe(`${text} -Dz`)
  })
})
