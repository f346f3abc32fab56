import { describe, expect, it } from 'vitest'
import { configWith } from '../../../config/load.fixture.ts'
import { masterAddress } from '../container/network.ts'
import { PORT_LABEL } from '../container/ports.ts'
import { projectOf, STORAGE_LABEL } from '../container/project.ts'
import { driverSpec } from './spec.ts'

const SECRET = 'q7Zx'
const project = projectOf('/home/me/cpu', '0f8fad5b-d9cb-469f-a165-70867728950e')
const config = (overrides: readonly string[] = []) =>
  configWith(['KAFKA_USERNAME=me', `KAFKA_PASSWORD=${SECRET}`, ...overrides])

const submission = (submitArgs: readonly string[] = []) => ({ submitArgs, stopTimeoutMs: 75_000 })

describe('driverSpec', () => {
  it('holds no secret, because docker inspect shows all of it', async () => {
    expect(JSON.stringify(driverSpec(project, await config(), submission(['--conf', 'a=b'])))).not.toContain(
      SECRET,
    )
  })

  it('has as few rights as possible, and listens only on the loopback interface', async () => {
    const { HostConfig, User, Labels } = driverSpec(
      project,
      await config(['SPARK_UI_PORT=4100']),
      submission(),
    )
    expect(HostConfig).toMatchObject({ CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges:true'] })
    expect(HostConfig).not.toHaveProperty('Privileged')
    expect(HostConfig).not.toHaveProperty('Binds')
    expect(HostConfig?.PortBindings).toEqual({ '4100/tcp': [{ HostIp: '127.0.0.1', HostPort: '4100' }] })
    expect(User).toBe('185')
    expect(Labels?.[STORAGE_LABEL]).toBe(project.id)
  })

  it("listens on the loopback interface in this machine's own network too, where Docker publishes nothing", async () => {
    const { HostConfig, Env, Labels, Hostname, NetworkingConfig } = driverSpec(
      project,
      await config(['SPARK_UI_PORT=4100', 'KAFKA_SERVERS=127.0.0.1:19092']),
      submission(),
    )
    expect(HostConfig).toMatchObject({
      NetworkMode: 'host',
      ExtraHosts: [`spark-master:${masterAddress(project.id)}`],
      CapDrop: ['ALL'],
    })
    expect({ ports: HostConfig?.PortBindings, Hostname, NetworkingConfig }).toEqual({})
    expect(Env).toContain('SPARK_LOCAL_IP=127.0.0.1')
    expect(Labels).toMatchObject({ [STORAGE_LABEL]: project.id, [PORT_LABEL]: '4100' })
  })

  it("passes the arguments on unchanged, after the supervisor's own", async () => {
    const { Entrypoint, Cmd } = driverSpec(project, await config(), submission(['--conf', 'a=$(id) "x"']))
    expect(Entrypoint).toEqual(['python3', '/opt/cpu-anomaly/supervise.py'])
    expect(Cmd?.slice(Cmd.indexOf('--'))).toEqual([
      '--',
      '/opt/spark/bin/spark-submit',
      '--conf',
      'a=$(id) "x"',
      '/opt/cpu-anomaly/job.py',
    ])
  })

  it("lets Python find the job's package beside the job", async () => {
    const { Env } = driverSpec(project, await config(), submission())
    expect(Env).toContain('PYTHONPATH=/opt/cpu-anomaly')
  })

  it('gives the supervisor time for a clean stop, and the container some more', async () => {
    const { Cmd = [], StopTimeout } = driverSpec(project, await config(), submission())
    expect(Cmd[Cmd.indexOf('--stop-timeout') + 1]).toBe('75')
    expect(StopTimeout).toBe(105)
  })
})
