import type { ContainerInspectInfo } from 'dockerode'

/** The port of this machine at which a container in this machine's own network listens: Docker lists only what it publishes. */
export const PORT_LABEL = 'io.cpu-anomaly.port'

/** The ports of this machine that a container occupies while it runs. */
export function portsOf({ Config, State, NetworkSettings }: ContainerInspectInfo): number[] {
  if (!State.Running) return []
  const bindings = Object.values(NetworkSettings.Ports ?? {}).flatMap((bound) => bound ?? [])
  const label = Config.Labels[PORT_LABEL]
  return [
    ...new Set([...bindings.map(({ HostPort }) => Number(HostPort)), ...(label ? [Number(label)] : [])]),
  ]
}
