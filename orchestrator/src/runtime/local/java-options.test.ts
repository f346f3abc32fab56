import { describe, expect, it } from 'vitest'
import { asProperty, log4jOption } from './java-options.ts'

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
