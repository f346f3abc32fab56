import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { SETTINGS } from '../config/settings.ts'
import { jarFile, jarSetName, lockedJars } from './jars.ts'
import { packageRoot } from './root.ts'
import {
  CONNECTOR_VERSION,
  imageVersion,
  isTestedSpark,
  KAFKA_VERSION,
  SPARK_VERSION,
  TESTED_SETS,
} from './tested-versions.ts'

const file = (...path: string[]) => readFileSync(join(packageRoot, ...path), 'utf8')
const versionsIn = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].map(([, version]) => version)

describe('the version of Spark is the same', () => {
  it.each<[string, (string | undefined)[]]>([
    ["in the job's requirements", versionsIn(file('spark-job', 'requirements.txt'), /^pyspark==(\S+)/gm)],
    ['of the default SPARK_IMAGE', versionsIn(SETTINGS.SPARK_IMAGE.fallback, /^apache\/spark:([\d.]+)-/g)],
    [
      'in docker-compose.yml',
      versionsIn(file('docker-compose.yml'), /\$\{SPARK_IMAGE:-apache\/spark:([\d.]+)-/g),
    ],
  ])('%s', (_, versions) => {
    expect(versions.length).toBeGreaterThan(0)
    expect(new Set(versions)).toEqual(new Set([SPARK_VERSION]))
  })

  it('and so is the whole name of the image, with the Scala version of the connector', () => {
    expect(versionsIn(file('docker-compose.yml'), /\$\{SPARK_IMAGE:-([^}]+)\}/g)).toEqual([
      SETTINGS.SPARK_IMAGE.fallback,
    ])
    const [scala] = versionsIn(SETTINGS.SPARK_IMAGE.fallback, /-scala([\d.]+)-/g)
    const names = lockedJars('connector').flatMap(({ org, name }) =>
      org === 'org.apache.spark' ? [name] : [],
    )
    for (const name of names) expect(name).toMatch(new RegExp(`_${scala}$`))
  })
})

describe('the version of the connector', () => {
  it('is that of its jars', () => {
    const versions = lockedJars('connector').flatMap(({ org, rev }) =>
      org === 'org.apache.spark' ? [rev] : [],
    )
    expect(new Set(versions)).toEqual(new Set([CONNECTOR_VERSION]))
  })
})

describe('the sets that are tested together', () => {
  it.each(TESTED_SETS.map((set) => ({ ...set })))(
    'are in the reference: Spark $spark, connector $connector, Kafka $kafka',
    ({ spark, connector, kafka, runtimes }) => {
      expect(file('docs', 'reference.md').split('\n')).toContain(
        `| ${spark} | ${connector} | ${kafka} | ${runtimes.join(', ')} |`,
      )
    },
  )

  it.each([
    [SETTINGS.SPARK_IMAGE.fallback, true],
    ['apache/spark:4.2.0-scala2.13-java17-python3-ubuntu', false],
    ['apache/spark:latest', false],
  ])('include the Spark of the image %s: %s', (image, expected) => {
    expect(isTestedSpark(image)).toBe(expected)
  })
})

describe('the version of Spark in an image', () => {
  it.each([
    ['apache/spark:4.3.0-scala2.13-java17-python3-ubuntu', '4.3.0'],
    ['apache/spark:4.3.0', '4.3.0'],
    ['registry:5000/team/spark:v4.10.2-r1', '4.10.2'],
    ['registry:5000/4.3.0/spark', undefined],
    ['apache/spark:latest', undefined],
    ['apache/spark', undefined],
    ['apache/spark:scala2.13-java17', undefined],
  ])('%s is %s', (image, version) => {
    expect(imageVersion(image)).toBe(version)
  })
})

describe('the version of Kafka is the same', () => {
  it.each<[string, (string | undefined)[]]>([
    [
      "of the broker's jars",
      lockedJars('broker').flatMap(({ org, rev }) => (org === 'org.apache.kafka' ? [rev] : [])),
    ],
    ['of the default KAFKA_IMAGE', versionsIn(SETTINGS.KAFKA_IMAGE.fallback, /^apache\/kafka:(.+)$/g)],
    [
      'in docker-compose.yml',
      versionsIn(file('docker-compose.yml'), /\$\{KAFKA_IMAGE:-apache\/kafka:([^}]+)\}/g),
    ],
  ])('%s', (_, versions) => {
    expect(versions.length).toBeGreaterThan(0)
    expect(new Set(versions)).toEqual(new Set([KAFKA_VERSION]))
  })
})

describe('the locked jars', () => {
  it.each(['connector', 'broker'] as const)('of the %s are each listed once, with a checksum', (set) => {
    const jars = lockedJars(set)
    expect(new Set(jars.map(jarFile)).size).toBe(jars.length)
    expect(new Set(jars.map(({ org, name }) => `${org}:${name}`)).size).toBe(jars.length)
    for (const { sha256 } of jars) expect(sha256).toMatch(/^[0-9a-f]{64}$/)
  })

  it('have their own folder, named after set and version', () => {
    expect(jarSetName('connector')).toMatch(new RegExp(`^connector-${CONNECTOR_VERSION}-[0-9a-f]{8}$`))
    expect(jarSetName('broker')).toMatch(new RegExp(`^broker-${KAFKA_VERSION}-[0-9a-f]{8}$`))
  })
})
