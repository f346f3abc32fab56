import { describe, expect, it } from 'vitest'
import { brokerProperties } from './broker-properties.ts'
import { escapeProperty } from './properties.ts'

const options = { port: 9093, controllerPort: 19093, dataDir: '/data/kafka', sasl: undefined }

describe('brokerProperties', () => {
  it('keeps the common part and listens only on the loopback interface', () => {
    const text = brokerProperties('node.id=1\n', options)
    expect(text).toContain('node.id=1\n')
    expect(text).toContain('listeners=CLIENT://127.0.0.1:9093,CONTROLLER://127.0.0.1:19093\n')
    expect(text).toContain('listener.security.protocol.map=CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT\n')
    expect(text).not.toContain('0.0.0.0')
  })

  it('requires a login if credentials are set, quoted for JAAS and then for a properties file', () => {
    const sasl = { mechanism: 'PLAIN', username: 'ana', password: 'a"b\\c' } as const
    const text = brokerProperties('', { ...options, sasl })
    expect(text).toContain('CLIENT:SASL_PLAINTEXT')
    expect(text).toContain(String.raw`password="a\\"b\\\\c" "user_ana"="a\\"b\\\\c";`)
  })
})

describe('escapeProperty', () => {
  it.each([
    ['plain', 'plain'],
    [' leading', '\\ leading'],
    ['back\\slash', 'back\\\\slash'],
    ['two\nlines\r', 'two\\nlines\\r'],
    ['ü€', '\\u00fc\\u20ac'],
    ['😀', '\\ud83d\\ude00'],
  ])('%j becomes %j', (value, escaped) => {
    expect(escapeProperty(value)).toBe(escaped)
  })
})
