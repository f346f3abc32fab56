import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type Docker from 'dockerode'
import { CliError } from '../../../errors.ts'
import { jarFile } from '../../../package/jars.ts'
import type { ShellEnvironment } from '../../../system/child-environment.ts'
import { lastLines } from '../../../system/run.ts'
import { type FetchJars, type InstallProgress, installJars } from '../../install-jars.ts'
import { ivyModule, ivySettings, JARS_HINT, retrieveArgs } from '../../ivy.ts'
import { javaProxyOptions } from '../../java-proxy.ts'
import { type ContainerFile, getFiles, putFiles } from '../container/files.ts'
import { readLog } from '../container/log-lines.ts'
import { SPARK_UID, STORAGE_LABEL } from '../container/project.ts'
import type { Stack } from '../stack/stack.ts'

const WORK = '/tmp/ivy'
const JARS = '/tmp/jars'

/** Installs the connector's jars with Ivy in a container of the Spark image, so that this machine needs no Java. */
export function installConnectorJars(stack: Stack, progress: InstallProgress): Promise<string[]> {
  return installJars('connector', fetchInContainer(stack, progress.signal), progress)
}

function fetchInContainer(stack: Stack, signal: AbortSignal): FetchJars {
  return async (jars, dir, onLine) => {
    const { config, env } = stack.context
    const { images, spark } = config
    const ownSettings = spark.conf['spark.jars.ivySettings']
    const settings = ownSettings ? await readFile(ownSettings, 'utf8') : ivySettings(`${WORK}/cache`)
    const { id } = await stack.requireProject()
    const { docker } = await stack.engine()
    signal.throwIfAborted()
    const container = await docker.createContainer(ivyContainer(images.spark, id, env))
    try {
      await putFiles(container, '/', ivyFiles(ivyModule(jars), settings))
      await runToEnd(container, onLine, signal)
      const fetched = await getFiles(container, JARS)
      for (const jar of jars) await writeFile(join(dir, jarFile(jar)), fetched?.get(jarFile(jar)) ?? '')
    } finally {
      await container.remove({ force: true, v: true })
    }
  }
}

function ivyFiles(module: string, settings: string): ContainerFile[] {
  const dir = WORK.slice(1)
  return [
    { path: `${dir}/`, mode: 0o755, uid: SPARK_UID },
    { path: `${dir}/ivy.xml`, content: module, mode: 0o644, uid: SPARK_UID },
    { path: `${dir}/settings.xml`, content: settings, mode: 0o644, uid: SPARK_UID },
  ]
}

async function runToEnd(
  container: Docker.Container,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  await container.start()
  const log: string[] = []
  for await (const { text } of readLog(container, { tail: 1_000, follow: true }, signal)) {
    log.push(text)
    onLine(text)
  }
  signal.throwIfAborted()
  const { StatusCode } = (await container.wait()) as { StatusCode: number }
  if (StatusCode === 0) return
  throw new CliError('DOWNLOAD_FAILED', "Kafka's connector for Spark could not be fetched", {
    details: lastLines(log.join('\n'), 12),
    hint: JARS_HINT,
  })
}

export function ivyContainer(
  image: string,
  storageId: string,
  env: ShellEnvironment,
): Docker.ContainerCreateOptions {
  const args = retrieveArgs(`${WORK}/settings.xml`, JARS, WORK)
  return {
    Image: image,
    User: String(SPARK_UID),
    Labels: { [STORAGE_LABEL]: storageId },
    Entrypoint: ['java'],
    Cmd: [
      '-Duser.home=/tmp',
      ...javaProxyOptions(env),
      '-cp',
      '/opt/spark/jars/*',
      'org.apache.ivy.Main',
      ...args,
    ],
    HostConfig: {
      // It only fetches and listens on no port, so it may use this machine's own network (name servers, VPN).
      NetworkMode: 'host',
      Init: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges:true'],
      Memory: 512 * 2 ** 20,
    },
  }
}
