import { PassThrough } from 'node:stream'
import { onTestFinished, vi } from 'vitest'

/** For the rest of the test, standard input holds this text, from a terminal or from a pipe. */
export function standardInput(text: string, { isTTY }: { readonly isTTY: boolean }): void {
  const original = Object.getOwnPropertyDescriptor(process, 'stdin') ?? {}
  const stream = Object.assign(new PassThrough(), { isTTY })
  stream.end(text)
  Object.defineProperty(process, 'stdin', { value: stream, configurable: true })
  const prompts = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  onTestFinished(() => {
    Object.defineProperty(process, 'stdin', original)
    prompts.mockRestore()
  })
}
