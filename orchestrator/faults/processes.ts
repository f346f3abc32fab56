import { execa } from 'execa'
import type { Stack } from '../e2e/helpers/stack.ts'
import { waitFor } from '../e2e/helpers/wait-for.ts'

export type Signal = 'KILL' | 'STOP' | 'CONT' | 'TERM'
export type Part = 'driver' | 'supervisor' | 'broker' | 'worker'
type State = 'running' | 'stopped' | 'gone'

/** What receives a signal: processes of this machine or of a container, or a container. */
interface Target {
  send(signal: Signal): Promise<unknown>
  state(): Promise<State>
}

const EFFECTS: Readonly<Record<Signal, State>> = {
  KILL: 'gone',
  TERM: 'gone',
  STOP: 'stopped',
  CONT: 'running',
}
const EFFECT_TIMEOUT_MS = 30_000

/**
 * Sends a signal to a part of the stack, and waits until it has taken effect. Returns when it was sent, in ms.
 * @throws Error if the part is not running, or if the signal has no effect.
 */
export async function signalPart(stack: Stack, part: Part, signal: Signal): Promise<number> {
  const target = await (stack.runtime === 'docker' ? containerTarget : processTarget)(stack, part)
  await target.send(signal)
  const sentMs = Date.now()
  await waitFor(
    `the ${part} to be ${EFFECTS[signal]}`,
    async () => {
      const state = await target.state()
      return { done: state === EFFECTS[signal], value: undefined, seen: state }
    },
    EFFECT_TIMEOUT_MS,
  )
  return sentMs
}

/** The driver is a process group: spark-submit, Python and the JVM. */
async function processTarget(stack: Stack, part: Part): Promise<Target> {
  const { parts, driver } = await stack.status()
  const pid = {
    driver: driver?.pid,
    supervisor: driver?.supervisorPid,
    broker: parts.find(({ part: name }) => name === 'kafka')?.pid,
    worker: undefined,
  }[part]
  if (!pid) throw new Error(`the ${part} is not running: ${JSON.stringify({ parts, driver })}`)
  return {
    send: async (signal) => process.kill(part === 'driver' ? -pid : pid, `SIG${signal}`),
    state: async () =>
      stateOf((await execa('ps', ['-eo', `${part === 'driver' ? 'pgid' : 'pid'}=,stat=`])).stdout, pid),
  }
}

async function containerTarget(stack: Stack, part: Part): Promise<Target> {
  const container = await containerOf(stack, part)
  if (part === 'driver') return driverInContainer(container)
  const inspect = async () =>
    (
      await execa('docker', ['inspect', '-f', '{{.State.Status}} {{.State.Pid}}', container], {
        reject: false,
      })
    ).stdout
  const [, pid] = (await inspect()).split(' ')
  return {
    send: (signal) => execa('docker', containerCommand(container, signal)),
    async state() {
      const [status, now] = (await inspect()).split(' ')
      if (status === 'paused') return 'stopped'
      return status === 'running' && now === pid ? 'running' : 'gone'
    },
  }
}

function containerCommand(container: string, signal: Signal): string[] {
  if (signal === 'STOP') return ['pause', container]
  if (signal === 'CONT') return ['unpause', container]
  return ['kill', '--signal', signal, container]
}

/** The JVM alone: the supervisor, whose arguments name the job too, must live to restart it. */
async function driverInContainer(container: string): Promise<Target> {
  const inside = (...command: string[]) => execa('docker', ['exec', container, ...command], { reject: false })
  const pid = (await inside('pgrep', '-o', '-f', 'org.apache.spark.deploy.SparkSubmit')).stdout.trim()
  if (!pid) throw new Error(`no driver runs in ${container}`)
  return {
    send: (signal) => execa('docker', ['exec', container, 'kill', `-${signal}`, pid]),
    state: async () => stateOf((await inside('ps', '-eo', 'pid=,stat=')).stdout, Number(pid)),
  }
}

/** Of the processes with this id, in lines of an id and a state as `ps` shows it; a zombie has ended. */
function stateOf(lines: string, id: number): State {
  const states = lines
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([own, state = '']) => Number(own) === id && !state.startsWith('Z'))
    .map(([, state = '']) => state.startsWith('T'))
  if (states.length === 0) return 'gone'
  return states.every(Boolean) ? 'stopped' : 'running'
}

async function containerOf(stack: Stack, part: Part): Promise<string> {
  const { parts, driver } = await stack.status()
  const names = { driver: '', supervisor: '', broker: 'kafka', worker: 'spark-worker' }
  const container = names[part]
    ? parts.find(({ part: name, container: id }) => name === names[part] && id)?.container
    : driver?.container
  if (!container) throw new Error(`the ${part} has no container: ${JSON.stringify({ parts, driver })}`)
  return container
}
