import type Docker from 'dockerode'
import { CliError } from '../../../errors.ts'
import { readMark } from '../../../storage/mark.ts'
import type { RuntimeContext } from '../../runtime.ts'
import { type InspectedContainer, inspectContainer } from '../container/inspect.ts'
import { labelFilter, MASTER, type Project, projectOf } from '../container/project.ts'
import { connectEngine, type Engine } from '../engine/engine.ts'

const SERVICE_LABEL = 'com.docker.compose.service'

/** This folder's containers, as the engine lists them now. */
export class Stack {
  readonly context: RuntimeContext
  #engine: Promise<Engine> | undefined

  constructor(context: RuntimeContext) {
    this.context = context
  }

  /** @throws CliError DOCKER_UNAVAILABLE when no engine answers. */
  engine(): Promise<Engine> {
    this.#engine ??= connectEngine(this.context.env)
    return this.#engine
  }

  /** Undefined if nothing was ever started here: there is no storage folder. */
  async project(): Promise<Project | undefined> {
    const mark = await readMark(this.context.storage.root)
    return mark && projectOf(mark.name ?? mark.folder, mark.id)
  }

  /** @throws CliError NOT_STARTED when nothing was ever started here. */
  async requireProject(): Promise<Project> {
    const project = await this.project()
    if (project) return project
    throw new CliError('NOT_STARTED', 'nothing was started from this folder', {
      hint: 'Start it with `cpu-anomaly up`.',
    })
  }

  /** Our containers, running or not; with a name, those of one service. */
  async containers(service?: string): Promise<InspectedContainer[]> {
    const project = await this.project()
    if (!project) return []
    const { docker } = await this.engine()
    const listed = await docker.listContainers({ all: true, filters: labelFilter(project) })
    const ours = listed
      .map(({ Id, Labels }) => ({ id: Id, service: Labels[SERVICE_LABEL] ?? '' }))
      .filter((entry) => service === undefined || entry.service === service)
    const inspected = await Promise.all(ours.map(({ id, service }) => inspectContainer(docker, id, service)))
    return inspected
      .filter((entry) => entry !== undefined)
      .sort((a, b) => (a.info.Name < b.info.Name ? -1 : 1))
  }

  /** @throws CliError NOT_STARTED when the master does not run. */
  async runningMaster(): Promise<Docker.Container> {
    const [master] = await this.containers(MASTER)
    if (master?.info.State.Running) return master.container
    throw new CliError('NOT_STARTED', "this folder's Spark cluster is not running", {
      hint: 'Start it with `cpu-anomaly up`, which starts only what is missing.',
    })
  }
}
