import type { ContainerInspectInfo } from 'dockerode'

type State = Partial<ContainerInspectInfo['State']>

/** What `docker inspect` shows of a container in this state; it runs unless the state says otherwise. */
export const container = (state: State, more: object = {}): ContainerInspectInfo =>
  ({
    Name: '/p-kafka-broker-1',
    State: { Status: 'running', Running: true, OOMKilled: false, ExitCode: 0, Error: '', ...state },
    HostConfig: { Memory: 2 ** 30 },
    RestartCount: 0,
    ...more,
  }) as ContainerInspectInfo

export const exited = (state: State = {}) =>
  container({ Status: 'exited', Running: false, ExitCode: 1, ...state })
export const health = (Status: string, ...outputs: string[]) =>
  ({ Health: { Status, FailingStreak: 1, Log: outputs.map((Output) => ({ Output })) } }) as unknown as State
