import { findCompose } from './compose/compose.ts'
import { requireMountedFiles } from './compose/mounted-files.ts'
import { usesHostNetwork } from './container/network.ts'
import { requireReachableKafka } from './stack/network-check.ts'
import { requireMasterPort, requirePort } from './stack/port-check.ts'
import type { Stack } from './stack/stack.ts'

/**
 * Checks what Spark's containers need, before anything is started.
 * @throws CliError TOOL_MISSING, DOCKER_UNAVAILABLE, CONFIGURATION, PORT_TAKEN or STORAGE.
 */
export async function preflight(stack: Stack): Promise<void> {
  const { config } = stack.context
  await stack.engine()
  await requireReachableKafka(stack)
  await findCompose()
  await requireMountedFiles()
  const uiPort = config.ports.sparkMasterUi
  await requirePort(stack, uiPort, 'SPARK_MASTER_UI_PORT', "the Spark master's UI")
  if (usesHostNetwork(config)) await requireMasterPort(stack)
}
