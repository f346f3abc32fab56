/** What this tool reads of a pod. Times are ISO texts. */
export interface Pod {
  readonly metadata: {
    readonly name: string
    readonly creationTimestamp?: string
    readonly deletionTimestamp?: string
    readonly labels?: Readonly<Record<string, string>>
  }
  readonly status?: {
    readonly phase?: string
    readonly reason?: string
    readonly message?: string
    readonly startTime?: string
    readonly conditions?: readonly Condition[]
    readonly containerStatuses?: readonly ContainerStatus[]
  }
}

export interface Condition {
  readonly type: string
  readonly status: string
  readonly reason?: string
  readonly message?: string
}

export interface ContainerStatus {
  readonly name: string
  readonly ready?: boolean
  readonly restartCount?: number
  readonly state?: ContainerState
  readonly lastState?: ContainerState
}

export interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string }
  readonly running?: { readonly startedAt?: string }
  readonly terminated?: Terminated
}

export interface Terminated {
  readonly exitCode: number
  readonly reason?: string
  readonly finishedAt?: string
}

/** The status of the container that runs the driver, or an executor. */
export const containerOf = ({ status }: Pod, name: string): ContainerStatus | undefined =>
  status?.containerStatuses?.find((container) => container.name === name) ?? status?.containerStatuses?.[0]

/** The pod that counts: the newest that is not being deleted, else the newest. */
export function newestPod(pods: readonly Pod[]): Pod | undefined {
  const age = ({ metadata }: Pod) => metadata.creationTimestamp ?? ''
  const byAge = [...pods].sort((a, b) => (age(a) < age(b) ? 1 : -1))
  return byAge.find(({ metadata }) => metadata.deletionTimestamp === undefined) ?? byAge[0]
}

/** Why no node takes the pod; undefined if one has. */
export function unschedulable({ status }: Pod): string | undefined {
  const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled')
  if (scheduled?.status !== 'False') return undefined
  return `${scheduled.reason ?? 'Unschedulable'}: ${scheduled.message ?? 'no node takes it'}`
}

/** Kubernetes' word and text for a container that does not run: `ImagePullBackOff: Back-off pulling image ...`. */
export const waitingText = ({ state }: ContainerStatus): string | undefined =>
  state?.waiting?.reason && [state.waiting.reason, state.waiting.message].filter(Boolean).join(': ')
