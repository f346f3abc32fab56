import type Docker from 'dockerode'
import type { ContainerInspectInfo } from 'dockerode'

/** A container of this folder, with the engine's description at the time it was inspected. */
export interface InspectedContainer {
  /** Name of the service in the compose file, or the driver's. */
  readonly service: string
  readonly container: Docker.Container
  readonly info: ContainerInspectInfo
}

/** Undefined if the container has been removed since it was listed. */
export async function inspectContainer(
  docker: Docker,
  id: string,
  service: string,
): Promise<InspectedContainer | undefined> {
  const container = docker.getContainer(id)
  try {
    return { service, container, info: await container.inspect() }
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

/** The engine writes the name with a slash before it. */
export const containerName = ({ Name }: Pick<ContainerInspectInfo, 'Name'>): string => Name.replace(/^\//, '')

export const statusCode = (error: unknown): number | undefined =>
  (error as { statusCode?: number }).statusCode
export const isNotFound = (error: unknown): boolean => statusCode(error) === 404
