import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { newFolder } from '../src/system/folder.fixture.ts'
import { results } from './helpers/guarantees.ts'
import { answerToStranger, type Listener, listenersOf } from './helpers/listeners.ts'
import { modesOr } from './helpers/modes.ts'
import { SharedStack } from './helpers/shared-stack.ts'
import { type Check, waitFor } from './helpers/wait-for.ts'

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

// RPC, block manager, UI, and Python's gateway.
const DRIVER_SOCKETS = 4
// RPC and block manager; the others speak other protocols.
const LOCKED_SOCKETS = 2
const PARTITIONS = 2

describe.skipIf(!onLinux)(`a stack on local${name}`, () => {
  // Only with several partitions does real-time mode shuffle, over sockets of its own.
  const shared = new SharedStack('local', {
    STORAGE_DIR: `'jürgen #1'`,
    INPUT_PARTITIONS: String(PARTITIONS),
    SHUFFLE_PARTITIONS: String(PARTITIONS),
    CHECKPOINT_INTERVAL: '5 seconds',
  })
  afterEach(() => void vi.unstubAllEnvs())

  it.each(modesOr('real-time'))(
    'listens only on loopback and requires a secret while data flows, whatever the shell says: %s',
    async (mode) => {
      const sockets = DRIVER_SOCKETS + (mode === 'real-time' ? PARTITIONS : 0)
      for (const [key, value] of Object.entries(await foreignShell())) vi.stubEnv(key, value)
      const stack = await shared.forTest({ TRIGGER: mode })
      await stack.ok('submit', '--new-checkpoint')
      const producing = stack.start(['produce', '--live', '--seconds', '120'])
      try {
        await waitFor('results', async () => seen(await results(stack), 2), 60_000)
        const driver = (listeners: readonly Listener[]) => {
          const pid = listeners.find(({ port }) => port === stack.ports.ui)?.pid
          return listeners.filter((listener) => listener.pid === pid)
        }
        // The shuffle's sockets are closed for a moment between two intervals.
        const listeners = await waitFor(
          'the sockets of the driver',
          async () => {
            const all = await listenersOf(stack)
            return { ...seen(driver(all), sockets), value: all }
          },
          60_000,
        )
        expect(listeners.filter(({ isLoopback }) => !isLoopback)).toEqual([])
        expect(listeners.map(({ port }) => port)).toContain(stack.ports.kafka)

        const answers = await Promise.all(driver(listeners).map(({ port }) => answerToStranger(port)))
        expect(answers.filter((answer) => /Expected SaslMessage/.test(answer))).toHaveLength(LOCKED_SOCKETS)
      } finally {
        producing.kill()
        await producing
      }
    },
  )
})

function seen<T>(things: readonly T[], wanted: number): Check<undefined> {
  return { done: things.length >= wanted, value: undefined, seen: JSON.stringify(things) }
}
