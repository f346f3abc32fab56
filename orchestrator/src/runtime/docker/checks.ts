import { join } from 'node:path'
import type { Config } from '../../config/config.ts'
import { CliError } from '../../errors.ts'
import { packageRoot } from '../../package/root.ts'
import { checkPort } from '../../system/ports.ts'
import { containerLimitMb } from '../memory.ts'
import type { DoctorCheck } from '../runtime.ts'
import { findCompose } from './compose/compose.ts'
import { requireMountedFiles } from './compose/mounted-files.ts'
import { isNotFound } from './container/inspect.ts'
import { usesHostNetwork } from './container/network.ts'
import { MASTER } from './container/project.ts'
import { requireReachableKafka } from './stack/network-check.ts'
import type { Stack } from './stack/stack.ts'

/** Checks that this machine has what the docker runtime needs. */
export function dockerChecks(stack: Stack): DoctorCheck[] {
  const { ports, kafka } = stack.context.config
  return [
    {
      title: 'Docker engine',
      run: async () => {
        const { version, endpoint } = await stack.engine()
        return `${version} at ${endpoint.url}`
      },
    },
    { title: 'Docker Compose', run: async () => (await findCompose()).version },
    ...(kafka.isGiven ? [{ title: "containers' network", run: () => networkText(stack) }] : []),
    { title: 'images', run: () => imagesText(stack) },
    { title: "Docker's memory", run: () => memoryText(stack) },
    {
      title: "master's UI",
      run: async () =>
        (await stack.containers(MASTER)).length > 0
          ? `http://localhost:${ports.sparkMasterUi}`
          : checkPort(ports.sparkMasterUi, 'SPARK_MASTER_UI_PORT', `port ${ports.sparkMasterUi} is free`),
    },
    {
      title: 'mounted files',
      run: async () => {
        await requireMountedFiles()
        return join(packageRoot, 'infra')
      },
    },
  ]
}

async function networkText(stack: Stack): Promise<string> {
  await requireReachableKafka(stack)
  return usesHostNetwork(stack.context.config)
    ? "this machine's own, because KAFKA_SERVERS is on loopback"
    : 'one of their own, from which they reach other machines'
}

async function imagesText(stack: Stack): Promise<string> {
  const { images, kafka } = stack.context.config
  const needed = kafka.isGiven ? [images.spark] : [images.kafka, images.spark]
  const { docker } = await stack.engine()
  const missing: string[] = []
  for (const image of needed)
    await docker
      .getImage(image)
      .inspect()
      .catch((error: unknown) => {
        if (!isNotFound(error)) throw error
        missing.push(image)
      })
  return missing.length === 0 ? needed.join(', ') : `\`up\` will first pull ${missing.join(', ')}`
}

async function memoryText(stack: Stack): Promise<string> {
  const { docker } = await stack.engine()
  const { MemTotal } = (await docker.info()) as { MemTotal: number }
  const available = Math.round(MemTotal / 2 ** 20)
  const needed = neededMb(stack.context.config)
  if (available >= needed) return `${available} MB (the stack uses up to ${needed} MB)`
  throw new CliError(
    'TOO_LITTLE_MEMORY',
    `Docker has ${available} MB of memory, but the stack uses up to ${needed} MB`,
    {
      hint: 'Give Docker more memory (Docker Desktop: Settings, Resources), or lower SPARK_DRIVER_MEMORY and SPARK_WORKER_MEMORY.',
    },
  )
}

// The containers' limits are generous; about this share of them is used.
const USED_SHARE = 0.7
const KAFKA_MB = 1024
const MASTER_MB = 640

export function neededMb({ spark, kafka }: Pick<Config, 'spark' | 'kafka'>): number {
  const limits =
    (kafka.isGiven ? 0 : KAFKA_MB) +
    MASTER_MB +
    containerLimitMb(spark.driverMemory) +
    spark.workers * containerLimitMb(spark.workerMemory)
  return Math.round(limits * USED_SHARE)
}
