import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { newFolder } from '../src/system/folder.fixture.ts'
import { results } from './helpers/guarantees.ts'
import { answerToStranger, listenersOf } from './helpers/listeners.ts'
import { SharedStack } from './helpers/shared-stack.ts'
import { waitFor } from './helpers/wait-for.ts'

const onLinux = process.platform === 'linux'
const name = onLinux ? '' : ' (only Linux shows the sockets of a process)'

/** A shell in which a Spark and a Hadoop of somebody else are set up; each of these variables broke the stack once. */
async function foreignShell(): Promise<Record<string, string>> {
  const folder = await newFolder()
  const conf = join(folder, 'conf')
  await mkdir(conf)
  await writeFile(join(conf, 'spark-defaults.conf'), 'spark.plugins no.such.Plugin\n')
  const fs = '<property><name>fs.defaultFS</name><value>hdfs://nowhere.invalid</value></property>'
  await writeFile(join(conf, 'core-site.xml'), `<configuration>${fs}</configuration>\n`)
  return {
    LC_ALL: 'C', // with it Java cannot open a file whose name is not ASCII
    JAVA_TOOL_OPTIONS: '-Duser.language=tr',
    KAFKA_OPTS: '-Dno.such=1',
    SPARK_HOME: folder,
    SPARK_CONF_DIR: conf,
    HADOOP_CONF_DIR: conf,
    PYSPARK_PYTHON: 'jupyter',
    PYSPARK_DRIVER_PYTHON: 'jupyter',
    PYTHONPATH: conf,
    PYTHONSAFEPATH: '1',
  }
}

describe.skipIf(!onLinux)(`a stack on local${name}`, () => {
  // Only with several partitions does real-time mode shuffle, over sockets of its own.
  const shared = new SharedStack('local', {
    STORAGE_DIR: 'jürgen',
    INPUT_PARTITIONS: '2',
    SHUFFLE_PARTITIONS: '2',
    CHECKPOINT_INTERVAL: '5 seconds',
  })
  afterEach(() => void vi.unstubAllEnvs())

  it.each(['real-time', 'micro-batch'])(
    'listens only on loopback and requires a secret while data flows, whatever the shell says: %s',
    async (mode) => {
      for (const [key, value] of Object.entries(await foreignShell())) vi.stubEnv(key, value)
      const stack = await shared.forTest({ TRIGGER: mode })
      await stack.ok('submit', '--new-checkpoint')
      const producing = stack.start(['produce', '--live', '--seconds', '120'])
      try {
        await waitFor(
          'results',
          async () => {
            const { length } = await results(stack)
            return { done: length > 1, value: undefined, seen: `${length} results` }
          },
          60_000,
        )
        const listeners = await listenersOf(stack)
        expect(listeners.filter(({ isLoopback }) => !isLoopback)).toEqual([])
        const { kafka, ui } = stack.ports
        expect(listeners.map(({ port }) => port)).toEqual(expect.arrayContaining([kafka, ui]))

        const driver = listeners.find(({ port }) => port === ui)?.pid
        const own = listeners.filter(({ pid, port }) => pid === driver && port !== ui)
        const answers = await Promise.all(own.map(({ port }) => answerToStranger(port)))
        // RPC and block manager; Python's gateway speaks another protocol.
        expect(answers.filter((answer) => /Expected SaslMessage/.test(answer))).toHaveLength(2)
      } finally {
        producing.kill()
        await producing
      }
    },
  )
})
