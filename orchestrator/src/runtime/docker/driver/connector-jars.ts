import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type Docker from 'dockerode'
import { CliError } from '../../../errors.ts'
import { type Jar, jarFile, lockedJars } from '../../../package/jars.ts'
import { lastLines } from '../../../system/run.ts'
import { fillOnce, jarsDir } from '../../cache.ts'
import { fetchedJar, ivyModule, ivySettings, JARS_HINT, retrieveArgs, verifyChecksum } from '../../ivy.ts'
import { getFiles, putFiles } from '../container/files.ts'
import { readLog } from '../container/log-lines.ts'
import { SPARK_UID } from '../container/project.ts'

export interface FetchOptions {
  readonly docker: Docker
  readonly sparkImage: string
  /** The user's own Ivy settings file, where a mirror or a proxy is needed. */
  readonly ivySettings: string | undefined
  readonly labels: Readonly<Record<string, string>>
  readonly signal: AbortSignal
  readonly update: (detail: string) => void
}

/**
 * The connector's jars in the user's cache; what the cache does not have is fetched once, by Ivy in a container of the
 * Spark image, so that this machine needs no Java.
 */
export async function installConnectorJars(options: FetchOptions): Promise<string[]> {
  const dir = jarsDir('connector')
  const jars = lockedJars('connector')
  await fillOnce(dir, (target) => fetchJars(jars, target, options), {
    signal: options.signal,
    onWait: () => options.update('another run is fetching them; waiting'),
  })
  return jars.map((jar) => join(dir, jarFile(jar)))
}

const WORK = '/tmp/ivy'
const JARS = '/tmp/jars'

async function fetchJars(jars: readonly Jar[], dir: string, options: FetchOptions): Promise<void> {
  const { docker, sparkImage, labels, signal, update } = options
  const settings = options.ivySettings
    ? await readFile(options.ivySettings, 'utf8')
    : ivySettings(`${WORK}/cache`)
  signal.throwIfAborted()
  const container = await docker.createContainer(fetchSpec(sparkImage, labels))
  try {
    const file = (name: string, content: string) => ({
      path: `tmp/ivy/${name}`,
      content,
      mode: 0o644,
      uid: SPARK_UID,
    })
    const folder = { path: 'tmp/ivy/', mode: 0o755, uid: SPARK_UID }
    await putFiles(container, '/', [folder, file('ivy.xml', ivyModule(jars)), file('settings.xml', settings)])
    await runToEnd(container, jars.length, signal, update)
    const fetched = (await getFiles(container, JARS)) ?? new Map<string, Buffer>()
    for (const jar of jars) {
      await writeFile(join(dir, jarFile(jar)), fetched.get(jarFile(jar)) ?? '')
      await verifyChecksum(join(dir, jarFile(jar)), jar)
    }
  } finally {
    await container.remove({ force: true, v: true })
  }
}

async function runToEnd(
  container: Docker.Container,
  count: number,
  signal: AbortSignal,
  update: (detail: string) => void,
) {
  await container.start()
  const said: string[] = []
  let fetched = 0
  for await (const { text } of readLog(container, { tail: 1_000, follow: true }, signal)) {
    said.push(text)
    if (!fetchedJar(text)) continue
    fetched += 1
    update(`${fetched} of ${count} jars`)
  }
  signal.throwIfAborted()
  const { StatusCode } = (await container.wait()) as { StatusCode: number }
  if (StatusCode === 0) return
  throw new CliError('DOWNLOAD_FAILED', 'the connector for Kafka could not be fetched', {
    details: lastLines(said.join('\n'), 12),
    hint: JARS_HINT,
  })
}

function fetchSpec(image: string, labels: Readonly<Record<string, string>>): Docker.ContainerCreateOptions {
  const args = retrieveArgs(`${WORK}/settings.xml`, JARS, WORK)
  return {
    Image: image,
    User: String(SPARK_UID),
    Labels: labels,
    Entrypoint: ['java'],
    Cmd: ['-Duser.home=/tmp', '-cp', '/opt/spark/jars/*', 'org.apache.ivy.Main', ...args],
    HostConfig: {
      // It only fetches: this machine's own view of the network (name servers, VPN) serves best, and nothing listens.
      NetworkMode: 'host',
      Init: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges:true'],
      Memory: 512 * 2 ** 20,
    },
  }
}
