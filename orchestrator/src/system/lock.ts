import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { parseJson } from './json.ts'
import { elsewhere, hasRebooted, placeSchema, thisPlace } from './place.ts'
import { identify, isAlive, isSuspended, processSchema } from './process-identity.ts'

/** What a claim says about the process that made it. */
const claimSchema = z.object({
  process: processSchema,
  place: placeSchema,
})
type Claim = z.infer<typeof claimSchema>

export type LockAttempt =
  | { readonly release: () => Promise<void> }
  /** Who holds the lock: `pid 4711`, `pid 4711, which is suspended`, `pid 4711 on the host atlas`. */
  | { readonly holder: string }

/**
 * Tries to take a lock. A lock is a folder of claims: it belongs to the process whose claim is the only one there. It is
 * held for as long as that process exists, even if it is suspended: no clock decides that, and a killed one has no lock.
 *
 * Two claims that are made at once see each other, since each is written before the folder is read, and both give way.
 *
 * `withoutSpace: 'go on'` is for what frees space: on a full or read-only disk nobody else can make a claim either.
 */
export async function tryLock(
  folder: string,
  { withoutSpace = 'fail' }: { readonly withoutSpace?: 'fail' | 'go on' } = {},
): Promise<LockAttempt> {
  const before = await liveClaim(folder)
  if (before !== undefined) return { holder: before }
  const own = `${process.pid}-${randomBytes(6).toString('hex')}.json`
  const release = () => removeClaim(folder, own)
  try {
    await writeClaim(folder, own).catch((error: NodeJS.ErrnoException) => {
      if (withoutSpace === 'fail' || !NO_SPACE.has(error.code ?? '')) throw error
    })
    const other = await liveClaim(folder, own)
    if (other === undefined) return { release }
    await release()
    return { holder: other }
  } catch (error) {
    await release()
    throw error
  }
}

const NO_SPACE = new Set(['ENOSPC', 'EDQUOT', 'EROFS'])

async function writeClaim(folder: string, name: string): Promise<void> {
  const self = await identify(process.pid)
  if (!self) throw new Error('this process cannot be identified')
  const claim: Claim = { process: self, place: await thisPlace() }
  const partial = join(folder, `${name}.part`)
  for (let attempt = 1; ; attempt += 1)
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await writeFile(partial, JSON.stringify(claim), { mode: 0o600 })
      return await rename(partial, join(folder, name))
    } catch (error) {
      // Whoever released the lock meanwhile has removed the empty folder.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt === 10) throw error
    }
}

async function removeClaim(folder: string, name: string): Promise<void> {
  for (const file of [name, `${name}.part`]) await rm(join(folder, file), { force: true })
  await rmdir(folder).catch(() => undefined) // another claim is there
}

/** Describes the process of the first claim that counts, other than `own`; removes claims of processes that have ended. */
async function liveClaim(folder: string, own?: string): Promise<string | undefined> {
  for (const name of await readdir(folder).catch(noneIfMissing)) {
    if (name === own || !name.endsWith('.json')) continue
    const text = await readFile(join(folder, name), 'utf8').catch(noneIfMissing)
    const claim = claimSchema.safeParse(parseJson(String(text))).data
    const holder = claim && (await holderOf(claim))
    if (holder !== undefined) return holder
    await removeClaim(folder, name)
  }
  return undefined
}

/** What cannot be read, because it is another user's, is not nothing. */
function noneIfMissing(error: NodeJS.ErrnoException): [] {
  if (error.code === 'ENOENT') return []
  throw error
}

/** Undefined if the process has ended. One that cannot be seen from here may be alive. */
async function holderOf({ process: identity, place }: Claim): Promise<string | undefined> {
  const here = await thisPlace()
  const where = elsewhere(place, here)
  if (where !== undefined) return `pid ${identity.pid} ${where}`
  if (hasRebooted(place, here) || !(await isAlive(identity))) return undefined
  return `pid ${identity.pid}${(await isSuspended(identity.pid)) ? ', which is suspended' : ''}`
}

/** What to do about the holder of a lock. */
export const lockHint = (folder: string): string =>
  `Wait until it ends, or end it. If it no longer exists, as a container that was removed, remove its lock: ${folder}`
