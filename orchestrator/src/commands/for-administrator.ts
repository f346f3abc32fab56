import { ForAdministrator } from '../errors.ts'
import type { Output } from '../terminal/output.ts'
import { escapeControls } from '../terminal/text.ts'

/** Does the work; if that needs an administrator of a given cluster, prints the commands for them before it fails. */
export async function forAdministrator<T>(
  output: Output,
  asJson: boolean | undefined,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof ForAdministrator && asJson) output.json(forPrograms(error))
    else if (error instanceof ForAdministrator) output.result(error.commands.map(escapeControls).join('\n'))
    throw error
  }
}

const forPrograms = ({ facts, commands }: ForAdministrator) => ({
  ...facts,
  commands: commands.filter((line) => !line.startsWith('#')),
})
