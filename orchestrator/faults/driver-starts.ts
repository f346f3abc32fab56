import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Stack } from '../e2e/helpers/stack.ts'

/**
 * The Spark applications of the drivers that have started in this folder, by the lines `started` of their logs: what is
 * left of older drivers, and on Docker the log of the present container besides.
 */
export async function driverStarts(stack: Stack): Promise<string[]> {
  const file = join(stack.folder, 'storage', 'logs', 'driver.log')
  const texts = await Promise.all([
    ...[`${file}.1`, file].map((path) => readFile(path, 'utf8').catch(() => '')),
    ...(stack.runtime === 'docker' ? [containerLog(stack)] : []),
  ])
  return texts.flatMap((text) =>
    [...text.matchAll(/^\S+ started .*\bapp_id=(\S+)/gm)].map(([, application = '']) => application),
  )
}

const containerLog = async (stack: Stack): Promise<string> =>
  (await stack.cli(['logs', 'driver', '-n', '100000'])).stdout
