import { expect, it } from 'vitest'
import { container } from './info.fixture.ts'
import { PORT_LABEL, portsOf } from './ports.ts'

const published = {
  Config: { Labels: {} },
  NetworkSettings: {
    Ports: { '8080/tcp': [{ HostIp: '127.0.0.1', HostPort: '8950' }], '7077/tcp': null },
  },
}
const labelled = { Config: { Labels: { [PORT_LABEL]: '8950' } }, NetworkSettings: { Ports: {} } }

it.each([
  ['that Docker publishes it', container({}, published), [8950]],
  ["that it uses itself, in this machine's network", container({}, labelled), [8950]],
  ['twice', container({}, { ...published, Config: labelled.Config }), [8950]],
  ['no longer', container({ Running: false }, labelled), []],
])('a container occupies a port: %s', (_, info, expected) => {
  expect(portsOf(info)).toEqual(expected)
})
