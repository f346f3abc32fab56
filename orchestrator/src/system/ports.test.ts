import { createServer, type Server } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { CliError } from '../errors.ts'
import { checkPort, freePorts, isPortFree, isPortOpen, requireFreePort, waitForFreePort } from './ports.ts'

async function listening(host = '127.0.0.1'): Promise<number> {
  const server: Server = createServer()
  await new Promise<void>((resolve) => server.listen({ port: 0, host }, resolve))
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
  return (server.address() as { port: number }).port
}

describe('a port', () => {
  it.each(['127.0.0.1', '0.0.0.0'])('is not free and open while something listens on %s', async (host) => {
    const port = await listening(host)
    expect(await isPortFree(port)).toBe(false)
    expect(await isPortOpen(port)).toBe(true)
  })

  it('is free and not open otherwise, and the check leaves it free', async () => {
    const [port = 0] = await freePorts(1)
    expect(await isPortFree(port)).toBe(true)
    expect(await isPortFree(port)).toBe(true)
    expect(await isPortOpen(port)).toBe(false)
  })
})

describe('freePorts', () => {
  it('returns as many distinct ports as requested', async () => {
    const ports = await freePorts(5)
    expect(new Set(ports).size).toBe(5)
    expect(await Promise.all(ports.map(isPortFree))).toEqual([true, true, true, true, true])
    expect(await freePorts(0)).toEqual([])
  })
})

describe('waitForFreePort', () => {
  it('names the program that has taken the port meanwhile', async () => {
    const port = await listening()
    await expect(waitForFreePort(port, 200)).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: expect.stringMatching(
        new RegExp(`^port ${port} was released, but is in use( by .+ \\(pid ${process.pid}\\))?$`),
      ),
    })
  })
})

describe('requireFreePort', () => {
  it('refuses a taken port and names its purpose, its holder (if visible) and the setting to change', async () => {
    const port = await listening()
    const refused = requireFreePort(port, 'KAFKA_PORT', 'the broker')
    await expect(refused).rejects.toThrow(CliError)
    await expect(refused).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      exitCode: 5,
      message: expect.stringMatching(
        new RegExp(`^port ${port} for the broker is taken( by .+ \\(pid ${process.pid}\\))?$`),
      ),
      hint: expect.stringContaining('Set KAFKA_PORT in .env to a free port'),
    })
  })

  it('accepts a free port', async () => {
    const [port = 0] = await freePorts(1)
    await expect(requireFreePort(port, 'KAFKA_PORT', 'the broker')).resolves.toBeUndefined()
    expect(await checkPort(port, 'KAFKA_PORT', 'it is free')).toBe('it is free')
  })
})
