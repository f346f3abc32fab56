import { errorMessage } from '../../../errors.ts'
import type { PartStatus } from '../../runtime.ts'
import { partStatus } from '../container/state.ts'
import type { Stack } from './stack.ts'

interface Part {
  readonly part: PartStatus['part']
  readonly service: string
  readonly address?: string
}

/** The state of each container of these parts, now. */
export async function partsNow(stack: Stack, parts: readonly Part[]): Promise<PartStatus[]> {
  try {
    const containers = await stack.containers()
    return parts.flatMap(({ part, service, address }) => {
      const own = containers.filter((entry) => entry.service === service)
      return own.length === 0
        ? [{ part, state: 'stopped' as const }]
        : own.map(({ info }) => partStatus(part, info, address))
    })
  } catch (error) {
    // Without an engine nothing runs; the detail says why there is none.
    return parts.map(({ part }) => ({ part, state: 'stopped', detail: errorMessage(error) }))
  }
}
