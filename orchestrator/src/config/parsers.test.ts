import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  absolutePath,
  decimal,
  duration,
  image,
  integer,
  memory,
  normalMean,
  normalStddev,
  oneOf,
  type Parser,
  Problem,
  port,
  servers,
  sparkMaster,
  text,
  topic,
} from './parsers.ts'

const accepted: readonly (readonly [name: string, parser: Parser<unknown>, text: string, value: unknown])[] =
  [
    ['decimal', decimal, '14.5', 14.5],
    ['decimal', decimal, '+.5', 0.5],
    ['decimal', decimal, '5.', 5],
    ['decimal', decimal, '-1e-3', -0.001],
    ['normalMean', normalMean, '-1e150', -1e150],
    ['normalStddev', normalStddev, '0.0001', 0.0001],
    ['normalStddev', normalStddev, '1e-150', 1e-150],
    ['integer', integer(1, 10), '10', 10],
    ['integer', integer(0, 10), '0', 0],
    ['port', port, '65535', 65_535],
    ['oneOf', oneOf('high', 'low'), 'LOW', 'low'],
    ['duration', duration(1), '500 milliseconds', 500],
    ['duration', duration(1), '500ms', 500],
    ['duration', duration(1), '0.5 Seconds', 500],
    ['duration', duration(1), '1.001 s', 1_001],
    ['duration', duration(1), '2 min', 120_000],
    ['duration', duration(1), '1.5 hours', 5_400_000],
    ['duration', duration(1), '365 days', 31_536_000_000],
    ['servers', servers, 'a:1, b.example:65535', ['a:1', 'b.example:65535']],
    ['servers', servers, '[::1]:9092', ['[::1]:9092']],
    ['servers', servers, '10.0.0.1:9092', ['10.0.0.1:9092']],
    ['topic', topic, 'a'.repeat(249), 'a'.repeat(249)],
    ['topic', topic, '...', '...'],
    ['memory', memory, '2G', '2g'],
    ['memory', memory, '1536mb', '1536m'],
    ['memory', memory, '0512m', '512m'],
    ['image', image, 'apache/kafka:4.3.1', 'apache/kafka:4.3.1'],
    ['image', image, 'localhost:5000/a/b', 'localhost:5000/a/b'],
    ['image', image, `a@sha256:${'0'.repeat(64)}`, `a@sha256:${'0'.repeat(64)}`],
    ['sparkMaster', sparkMaster, 'spark://h:7077', 'spark://h:7077'],
    ['sparkMaster', sparkMaster, 'spark://a:7077,b:7077', 'spark://a:7077,b:7077'],
    ['sparkMaster', sparkMaster, 'k8s://https://h:6443', 'k8s://https://h:6443'],
    ['sparkMaster', sparkMaster, 'yarn', 'yarn'],
    ['sparkMaster', sparkMaster, 'k8s://https://h:6443/k8s/c-1', 'k8s://https://h:6443/k8s/c-1'],
    ['text', text, ' "anything" \\ ; \u2028 ', ' "anything" \\ ; \u2028 '],
    ['absolutePath', absolutePath, '/etc/ca.pem', '/etc/ca.pem'],
  ]

describe('a parser', () => {
  it.each(accepted)('%s: reads %3$j from %2$j', (_, parser, written, value) => {
    expect(parser(written)).toEqual(value)
  })

  it.each<[string, Parser<unknown>, string]>([
    ['decimal', decimal, ''],
    ['decimal', decimal, '.'],
    ['decimal', decimal, '1\n'],
    ['decimal', decimal, '٣'],
    ['normalMean', normalMean, '1e308'],
    ['normalMean', normalMean, '-1.1e150'],
    ['normalStddev', normalStddev, '1e-308'],
    ['normalStddev', normalStddev, '5e-324'],
    ['normalStddev', normalStddev, '1e-400'],
    ['normalStddev', normalStddev, '1e308'],
    ['integer', integer(0, 10), '11'],
    ['integer', integer(0, 10), '+1'],
    ['integer', integer(0, 10), ' 1'],
    ['oneOf', oneOf('high', 'low'), ''],
    ['duration', duration(1), '1 fortnight'],
    ['duration', duration(1), '1 constructor'],
    ['duration', duration(1), '1e3 ms'],
    ['duration', duration(1), '366 days'],
    ['duration', duration(1), `${'9'.repeat(400)} ms`],
    ['servers', servers, 'a b:1'],
    ['servers', servers, 'a:1 b:2'],
    ['servers', servers, '-a:1'],
    ['servers', servers, '::1:9092'],
    ['servers', servers, 'a:-1'],
    ['topic', topic, 'a\n'],
    ['memory', memory, '1t'],
    ['memory', memory, '511m'],
    ['memory', memory, '1025g'],
    ['image', image, 'Apache/Kafka'],
    ['image', image, '-v'],
    ['image', image, 'a b'],
    ['image', image, 'a:'],
    ['sparkMaster', sparkMaster, 'local'],
    ['sparkMaster', sparkMaster, 'local[-1]'],
    ['sparkMaster', sparkMaster, 'spark://h:7077 --conf x=y'],
    ['text', text, 'a\r'],
    ['text', text, 'a\0'],
    ['absolutePath', absolutePath, './ca.pem'],
    ['absolutePath', absolutePath, ''],
    ['absolutePath', absolutePath, '/a\nb'],
  ])('%s: refuses %2$j with what is wrong and how to fix it', (_, parser, written) => {
    expect(() => parser(written)).toThrow(Problem)
    expect(() => parser(written)).toThrow(/^\S.*; \S.*$/s)
  })

  it('throws nothing but Problems, whatever the text', () => {
    const parsers = [
      decimal,
      normalMean,
      normalStddev,
      port,
      duration(0),
      servers,
      topic,
      memory,
      image,
      sparkMaster,
      text,
      absolutePath,
    ]
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (written) => {
        for (const parser of parsers)
          try {
            parser(written)
          } catch (error) {
            expect(error).toBeInstanceOf(Problem)
          }
      }),
    )
  })

  it('reads every whole number of milliseconds from a fraction of a second', () => {
    for (let ms = 1; ms < 20_000; ms += 1) expect(duration(1)(`${ms / 1_000} s`)).toBe(ms)
  })
})
