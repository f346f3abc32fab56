import { expect, it } from 'vitest'
import { apiThatSays } from './api.fixture.ts'
import { podLogs } from './pod-logs.ts'
import type { Pod } from './pods.ts'

const pod = (name: string, restartCount: number, running = true): Pod => ({
  metadata: { name },
  status: {
    containerStatuses: [
      { name: 'driver', restartCount, state: running ? { running: {} } : { terminated: { exitCode: 7 } } },
    ],
  },
})

async function read(
  pods: () => Pod[],
  logs: (path: string) => string | undefined,
  options: { follow: boolean; lines: number },
  enough = Number.POSITIVE_INFINITY,
): Promise<string[]> {
  const { api } = await apiThatSays(({ path }) => {
    const body = logs(path)
    return body === undefined ? { status: 404, body: {} } : { body }
  })
  const over = new AbortController()
  const seen: string[] = []
  const source = { api, namespace: 'team', findPods: async () => pods() }
  for await (const line of podLogs(source, options, over.signal)) {
    seen.push(line)
    if (seen.length === enough) over.abort()
  }
  return seen
}

it('of a driver that was restarted begins with that of the container before it', async () => {
  const logs = (path: string) => (path.includes('previous=true') ? 'old 1\nold 2\n' : 'new 1\nnew 2\n')
  expect(await read(() => [pod('p', 1)], logs, { follow: false, lines: 3 })).toEqual([
    'old 2',
    'new 1',
    'new 2',
  ])
  expect(await read(() => [pod('p', 0)], logs, { follow: false, lines: 3 })).toEqual(['new 1', 'new 2'])
})

it('is empty without a pod, and while its container has not started', async () => {
  expect(
    await read(
      () => [],
      () => 'x',
      { follow: false, lines: 3 },
    ),
  ).toEqual([])
  expect(
    await read(
      () => [pod('p', 0)],
      () => undefined,
      { follow: false, lines: 3 },
    ),
  ).toEqual([])
})

it('goes on with the container and the pod that come next, each from its beginning', async () => {
  const runs = [pod('p', 0, false), pod('p', 1, false), pod('q', 0, false)]
  let asked = -1
  const pods = () => {
    asked += 1
    return [runs[Math.min(Math.max(asked - 1, 0), 2)] as Pod]
  }
  const logs = (path: string) =>
    `${path.match(/pods\/(\w)/)?.[1]}${path.includes('tailLines=1') ? ' tail' : ''}\n`
  expect(await read(pods, logs, { follow: true, lines: 1 }, 3)).toEqual(['p tail', 'p', 'q'])
})
