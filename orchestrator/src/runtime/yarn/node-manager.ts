import type { Attempt } from './application.ts'

const ANSWER_MS = 5_000

/** Has the node nothing of an attempt's container any more? A node that does not answer may be gone itself. */
export async function isContainerGone(scheme: string, attempt: Attempt): Promise<boolean> {
  const { nodeHttpAddress, containerId } = attempt
  const url = `${scheme}//${nodeHttpAddress}/ws/v1/node/containers/${containerId}`
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) })
    if (!response.ok) return true
    const { container } = (await response.json()) as { container?: { state?: string } }
    return container?.state !== 'RUNNING'
  } catch {
    return true
  }
}
