import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  endProcess,
  identify,
  isAlive,
  type ProcessIdentity,
  sendSignal,
  startToken,
  waitUntilGone,
} from './process-identity.ts'

const STUBBORN = `process.on('SIGTERM', () => {})`

/** A Node process that is ready, and its identity. */
async function startChild(
  code = '',
  detached = false,
): Promise<{ child: ChildProcess; identity: ProcessIdentity }> {
  const script = `${code}; setInterval(() => {}, 1e6); console.log('ready')`
  const child = spawn(process.execPath, ['-e', script], { detached, stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout as NodeJS.ReadableStream, 'data')
  const identity = await identify(child.pid as number)
  if (!identity) throw new Error('the child has no identity')
  return { child, identity }
}

describe('a process', () => {
  it('of another user is named, with its owner, and cannot be ended', () => {
    const refuse = vi.spyOn(process, 'kill').mockImplementation(() => {
      throw Object.assign(new Error('kill EPERM'), { code: 'EPERM' })
    })
    onTestFinished(() => refuse.mockRestore())
    expect(() => sendSignal(1, 'SIGTERM')).toThrow(
      expect.objectContaining({
        code: 'OTHER_USER',
        exitCode: 5,
        message: expect.stringContaining('process 1,'),
      }),
    )
  })

  it('keeps its identity while it lives, and no longer', async () => {
    const { child, identity } = await startChild()
    expect(identity.pid).toBe(child.pid)
    expect(await identify(identity.pid)).toEqual(identity)
    expect(await isAlive(identity)).toBe(true)
    child.kill('SIGKILL')
    await waitUntilGone(identity, 5_000)
    expect(await isAlive(identity)).toBe(false)
    expect(await identify(identity.pid)).toBeUndefined()
  })

  it('is not mistaken for an earlier one with its pid, and is left alone', async () => {
    const { child, identity } = await startChild()
    const earlier = { pid: identity.pid, startToken: `${identity.startToken}0` }
    expect(await isAlive(earlier)).toBe(false)
    expect(await endProcess(earlier, { termTimeoutMs: 1_000 })).toBe('was-gone')
    expect(child.exitCode ?? child.signalCode).toBeNull()
    expect(await isAlive(identity)).toBe(true)
  })

  it.skipIf(process.platform !== 'linux')('is identified whatever its title is (Linux)', async () => {
    const { child, identity } = await startChild(`process.title = 'a) R 1 (b'`)
    expect(identity.startToken).toMatch(/^\d+$/)
    expect(Number(identity.startToken)).toBeGreaterThanOrEqual(Number(await startToken(process.pid)))
    expect(await startToken(child.pid as number)).toBe(identity.startToken)
  })

  it.skipIf(process.platform !== 'linux')(
    'counts as gone once it is a zombie, which nothing can end (Linux)',
    async () => {
      // The shell's child ends when its input does, and the `sleep` that replaces the shell never waits for it.
      const script = 'cat <&3 3<&- & echo $!; exec 3<&-; exec sleep 1000'
      const parent = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] })
      onTestFinished(() => void parent.kill('SIGKILL'))
      const [line] = await once(parent.stdout as NodeJS.ReadableStream, 'data')
      const child = await identify(Number(line))
      if (!child) throw new Error('the child has no identity')
      const input = parent.stdio[3] as Writable
      input.end()
      await waitUntilGone(child, 5_000)
      expect(await readFile(`/proc/${child.pid}/stat`, 'utf8')).toMatch(/\) Z /)
    },
  )

  it('has no identity if there is no process with that pid', async () => {
    expect(await identify(2 ** 30)).toBeUndefined()
    expect(() => sendSignal(2 ** 30, 'SIGTERM')).not.toThrow()
  })
})

describe('endProcess', () => {
  it('ends a process with SIGTERM', async () => {
    const { child, identity } = await startChild()
    const exit = once(child, 'exit')
    expect(await endProcess(identity, { termTimeoutMs: 5_000 })).toBe('ended')
    expect(await exit).toEqual([null, 'SIGTERM'])
    expect(await endProcess(identity, { termTimeoutMs: 5_000 })).toBe('was-gone')
  })

  it('kills a process that ignores SIGTERM', async () => {
    const { child, identity } = await startChild(STUBBORN)
    const exit = once(child, 'exit')
    expect(await endProcess(identity, { termTimeoutMs: 100 })).toBe('killed')
    expect(await exit).toEqual([null, 'SIGKILL'])
  })

  it.skipIf(process.platform === 'win32')('ends the whole group that a process leads', async () => {
    const script = `
      const { spawn } = require('node:child_process')
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' })
      console.log(child.pid)`
    const leader = spawn(process.execPath, ['-e', `${script}; setInterval(() => {}, 1e6)`], {
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => sendSignal(-(leader.pid as number), 'SIGKILL'))
    const [line] = await once(leader.stdout, 'data')
    const member = await identify(Number(line))
    const identity = await identify(leader.pid as number)
    if (!member || !identity) throw new Error('the group did not start')
    expect(await endProcess(identity, { termTimeoutMs: 5_000, group: true })).toBe('ended')
    await waitUntilGone(member, 5_000)
  })
})
