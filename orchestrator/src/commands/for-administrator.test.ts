import { expect, it } from 'vitest'
import { CliError } from '../errors.ts'
import { AdministratorNeeded } from '../kafka/administrator.ts'
import { RecordedOutput } from '../terminal/output.fixture.ts'
import { forAdministrator } from './for-administrator.ts'

const needed = () =>
  new AdministratorNeeded(
    {
      servers: ['h:1'],
      securityProtocol: 'SASL_SSL',
      sasl: { mechanism: 'PLAIN', username: "o'me", password: 'canary' },
      ssl: {},
    },
    { topics: [], rights: [{ topic: 'in', operations: ['Read'] }] },
  )

it('prints the commands as lines of a shell script, and fails all the same', async () => {
  const output = new RecordedOutput()
  const error = needed()
  await expect(forAdministrator(output, undefined, () => Promise.reject(error))).rejects.toBe(error)
  const [script = ''] = output.results
  expect(script).toContain(
    `--allow-principal 'User:o'\\''me' --operation Read --operation DescribeConfigs --topic in\n`,
  )
  expect(script).not.toContain('canary')
})

it('prints them as JSON, without comments', async () => {
  const output = new RecordedOutput()
  await expect(forAdministrator(output, true, () => Promise.reject(needed()))).rejects.toThrow()
  expect(output.values).toEqual([
    {
      principal: "User:o'me",
      missing_topics: [],
      missing_rights: [{ topic: 'in', operations: ['Read'] }],
      commands: [expect.stringMatching(/^kafka-acls.sh/), expect.stringMatching(/--group cpu-anomaly/)],
    },
  ])
})

it('prints nothing for another failure', async () => {
  const output = new RecordedOutput()
  const error = new CliError('USAGE', 'no')
  await expect(forAdministrator(output, false, () => Promise.reject(error))).rejects.toBe(error)
  expect(output.results).toEqual([])
})
