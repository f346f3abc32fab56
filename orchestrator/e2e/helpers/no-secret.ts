import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Stack } from './stack.ts'

const KAFKA_SECRETS = 'storage/run/kafka-secrets.json'

/** Files that hold secrets, on purpose, and only for their owner. */
const PRIVATE = /\/(?:\.env|storage\/run\/(?:kafka-secrets\.json|spark-secrets\.properties))$/

/** Where to look beside the stack's folder. */
export interface Elsewhere {
  readonly folder: string
  /** Instead of the pages of a driver on this machine. */
  readonly urls?: readonly string[]
  /** Further files that hold secrets on purpose. */
  readonly isPrivate: RegExp
  /** By whom these may be read beside their owner: a pod's files belong to root and the group of its user. */
  readonly readers?: 'group'
}

interface SecretPlaces {
  /** The stack's file that holds the secrets on purpose. */
  readonly file?: string
  readonly elsewhere?: Elsewhere
}

/** No secret is in an argument, in an environment, in a file that others may read, or on a page of Spark's UI. */
export async function expectNoSecret(
  stack: Stack,
  secrets: readonly string[],
  { file = KAFKA_SECRETS, elsewhere }: SecretPlaces = {},
): Promise<void> {
  const hasSecret = (text: string) => secrets.some((secret) => text.includes(secret))
  const found = [
    ...(await processes()).filter(({ text }) => hasSecret(text)).map(({ where }) => where),
    ...(await exposedFiles(stack.folder, hasSecret, elsewhere)),
    ...(elsewhere ? await exposedFiles(elsewhere.folder, hasSecret, elsewhere) : []),
    ...(await pages(elsewhere?.urls ?? (await uiPages(stack))))
      .filter(({ text }) => hasSecret(text))
      .map(({ where }) => where),
  ]
  expect(found).toEqual([])
  // The search finds them where they are.
  expect(hasSecret(unescaped(await readFile(join(stack.folder, file), 'utf8')))).toBe(true)
}

interface Place {
  readonly where: string
  readonly text: string
}

async function processes(): Promise<Place[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
  const places = await Promise.all(
    pids.flatMap((pid) =>
      ['cmdline', 'environ'].map(async (file) => ({
        where: `/proc/${pid}/${file}`,
        text: await readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => ''),
      })),
    ),
  )
  expect(places.length).toBeGreaterThan(10)
  return places
}

async function exposedFiles(
  folder: string,
  hasSecret: (text: string) => boolean,
  { isPrivate, readers }: Partial<Elsewhere> = {},
): Promise<string[]> {
  const exposed: string[] = []
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = join(entry.parentPath, entry.name)
    const text = await readFile(file, 'utf8').catch(() => '') // a file of Spark's may be gone by now
    if (!hasSecret(text) && !hasSecret(unescaped(text))) continue
    const { mode } = await stat(file)
    const others = isPrivate?.test(file) && readers === 'group' ? 0o007 : 0o077
    if (!(PRIVATE.test(file) || isPrivate?.test(file)) || (mode & others) !== 0)
      exposed.push(`${file} (mode ${(mode & 0o777).toString(8)})`)
  }
  return exposed
}

async function uiPages({ ports }: Stack): Promise<string[]> {
  const root = `http://127.0.0.1:${ports.ui}`
  const [{ id = '' } = {}] = (await (await fetch(`${root}/api/v1/applications`)).json()) as { id?: string }[]
  return pagesOf(root, id)
}

/** The pages of Spark's UI below an address, and its REST API. */
export function pagesOf(root: string, id: string): string[] {
  const paths = ['environment/', 'SQL/', 'StreamingQuery/', 'jobs/', 'executors/']
  const api = ['environment', 'sql?details=true&planDescription=true', 'allexecutors'].map(
    (name) => `api/v1/applications/${id}/${name}`,
  )
  return [...paths, ...api].map((path) => `${root}/${path}`)
}

const pages = (urls: readonly string[]): Promise<Place[]> =>
  Promise.all(
    urls.map(async (url) => {
      const response = await fetch(url)
      expect(response.ok, url).toBe(true)
      return { where: url, text: await response.text() }
    }),
  )

/** As in JSON and JAAS. */
const unescaped = (text: string): string => text.replaceAll('\\', '')
