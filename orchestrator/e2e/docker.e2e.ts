import { readFile } from 'node:fs/promises'
import { execa } from 'execa'
import { describe, expect, it } from 'vitest'
import { SETTINGS } from '../src/config/settings.ts'
import {
  expectAccounted,
  expectNothingLeft,
  expectOrderly,
  expectWindows,
  lastValues,
} from './helpers/guarantees.ts'
import { send } from './helpers/kafka.ts'
import { everywhere } from './helpers/modes.ts'
import { candidates } from './helpers/runtimes.ts'
import { steadySamples, toRecords } from './helpers/samples.ts'
import { Stack } from './helpers/stack.ts'
import { waitFor } from './helpers/wait-for.ts'

const docker = (await candidates()).find(({ runtime }) => runtime === 'docker')
const samples = steadySamples(1_700_000_000_000, 20_000, 25)
const records = toRecords(samples)

// Restarting the engine ends all its containers, so whoever runs the tests must declare that nobody else uses it.
const engineScript = process.env.CPU_ANOMALY_OWN_ENGINE
const engineName = engineScript ? '' : ' (CPU_ANOMALY_OWN_ENGINE does not name a script that starts it)'

// Its script builds or checks the images, too.
const ENGINE_TIMEOUT_MS = 600_000

interface Executor {
  readonly id: string
  readonly hostPort: string
  readonly isActive: boolean
  readonly completedTasks: number
}

async function sparkApi<T>(stack: Stack, path: string): Promise<T> {
  const base = `http://127.0.0.1:${stack.ports.ui}/api/v1/applications`
  const [application] = (await (await fetch(base)).json()) as { id: string }[]
  return (await (await fetch(`${base}/${application?.id}${path}`)).json()) as T
}

async function ownContainers(stack: Stack): Promise<string[]> {
  const { parts, driver } = await stack.status()
  return [...parts, driver].flatMap((part) => (part?.container ? [part.container] : []))
}

describe.skipIf(!docker?.available)(`the cluster on ${docker?.title}`, () => {
  it('runs tasks on both workers, and continues when one of them is killed', async () => {
    const stack = await Stack.create('docker')
    await stack.ok('up', '--workers', '2')
    await stack.ok('submit')
    await send(stack.broker, 'cpu-usage', records.slice(0, 8_000))
    await stack.untilRead(8_000)
    const executors = (await sparkApi<Executor[]>(stack, '/executors')).filter(({ id }) => id !== 'driver')
    expect(new Set(executors.map(({ hostPort }) => hostPort.split(':')[0])).size).toBe(2)
    for (const { id, completedTasks } of executors)
      expect(completedTasks, `executor ${id}`).toBeGreaterThan(0)

    const project = (await stack.status()).driver?.container?.replace(/-driver$/, '') ?? ''
    const log = await execa('docker', ['compose', '-p', project, 'logs', 'spark-driver'])
    expect(log.stdout).toMatch(/ ERROR window=/)

    const worker = (await stack.status()).parts.find(({ part }) => part === 'spark-worker')
    await send(stack.broker, 'cpu-usage', records.slice(8_000, 14_000))
    await execa('docker', ['kill', worker?.container ?? ''])
    await send(stack.broker, 'cpu-usage', records.slice(14_000))
    const status = await stack.untilRead(records.length)
    expectWindows(await lastValues(stack), samples)
    await expectAccounted(stack, status, records.length)
    await expectOrderly(stack, 'micro-batch', 1, 2)

    const workers = async () =>
      (await stack.status()).parts.filter(({ part, state }) => part === 'spark-worker' && state === 'running')
    expect(await workers()).toHaveLength(1)
    await stack.ok('up', '--workers', '2')
    expect(await workers()).toHaveLength(2)
  })

  it('shows the password and the cluster secret nowhere, and listens only on the loopback interface', async () => {
    const password = 'canary-7f3a9c'
    const stack = await Stack.create('docker', { KAFKA_USERNAME: 'ana', KAFKA_PASSWORD: password })
    await stack.ok('up')
    await stack.ok('submit')
    await send(stack.broker, 'cpu-usage', records.slice(0, 100), { username: 'ana', password })
    await stack.untilRead(100)
    const containers = await ownContainers(stack)
    expect(containers).toHaveLength(4)
    const master = containers.find((name) => name.includes('master')) ?? ''
    const { stdout: secret } = await execa('docker', ['exec', master, 'cat', 'cluster/secret'])
    expect(secret).toMatch(/^[0-9a-f]{64}$/)

    const shown = new Map<string, string>()
    for (const name of containers) {
      shown.set(`inspect ${name}`, (await execa('docker', ['inspect', name])).stdout)
      const logs = await execa('docker', ['logs', name])
      shown.set(`logs ${name}`, logs.stdout + logs.stderr)
      shown.set(`processes ${name}`, (await execa('docker', ['top', name, '-eo', 'pid,args'])).stdout)
    }
    const ui = `http://127.0.0.1:${stack.ports.ui}`
    shown.set('environment API', JSON.stringify(await sparkApi(stack, '/environment')))
    for (const page of ['/environment/', '/SQL/', '/StreamingQuery/', '/executors/'])
      shown.set(page, await (await fetch(ui + page)).text())
    shown.set('master UI', await (await fetch(`http://127.0.0.1:${stack.ports.masterUi}/`)).text())
    expect(shown.get('environment API')).toContain('spark.authenticate')
    for (const [place, text] of shown) {
      expect(text.length, place).toBeGreaterThan(0)
      expect(text.includes(password), `the password in ${place}`).toBe(false)
      expect(text.includes(secret), `the secret in ${place}`).toBe(false)
    }
    const inspected = await execa('docker', ['inspect', ...containers])
    const bindings = (JSON.parse(inspected.stdout) as ContainerInfo[]).flatMap(({ NetworkSettings }) =>
      Object.values(NetworkSettings.Ports).flatMap((bound) => bound ?? []),
    )
    expect(bindings.length).toBeGreaterThanOrEqual(3)
    expect(bindings.filter(({ HostIp }) => HostIp !== '127.0.0.1')).toEqual([])

    await stack.ok('down')
    await expectNothingLeft(stack)
  })

  if (everywhere)
    it.skipIf(!engineScript)(
      `recovers when the engine is restarted${engineName}`,
      async () => {
        const stack = await Stack.create('docker')
        await stack.ok('up')
        await stack.ok('submit')
        await send(stack.broker, 'cpu-usage', records.slice(0, 8_000))
        await stack.untilRead(8_000)
        await restartEngine(engineScript ?? '')
        await waitFor(
          'the broker and the driver',
          async () => {
            const { parts, driver } = await stack.status()
            const done = driver?.state === 'running' && parts.every(({ state }) => state === 'running')
            return { done, value: undefined, seen: JSON.stringify({ parts, driver }) }
          },
          120_000,
        )
        expect((await ownContainers(stack)).filter((name) => name.includes('driver'))).toHaveLength(1)
        await send(stack.broker, 'cpu-usage', records.slice(8_000))
        const status = await stack.untilRead(records.length)
        expectWindows(await lastValues(stack), samples)
        await expectAccounted(stack, status, records.length)
        await expectOrderly(stack, 'micro-batch', 1)
      },
      ENGINE_TIMEOUT_MS,
    )
})

interface ContainerInfo {
  readonly NetworkSettings: { readonly Ports: Record<string, { HostIp: string }[] | null> }
}

async function restartEngine(script: string): Promise<void> {
  const pid = Number(await readFile('/var/run/docker.pid', 'utf8'))
  process.kill(pid, 'SIGTERM')
  await waitFor(
    'the engine to exit',
    async () => {
      const { exitCode } = await execa('kill', ['-0', String(pid)], { reject: false })
      return { done: exitCode !== 0, value: undefined, seen: `process ${pid} is still running` }
    },
    60_000,
  )
  await execa('bash', [script, SETTINGS.KAFKA_IMAGE.fallback, SETTINGS.SPARK_IMAGE.fallback])
}
