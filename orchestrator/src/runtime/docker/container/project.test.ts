import { describe, expect, it } from 'vitest'
import { labelFilter, projectOf } from './project.ts'

const ID = '0f8fad5b-d9cb-469f-a165-70867728950e'

describe('projectOf', () => {
  it.each([
    ['/home/me/cpu', 'cpu-0f8fad5b'],
    ['/home/me/My Project (2)', 'my-project-2-0f8fad5b'],
    ['/srv/-_.x', 'x-0f8fad5b'],
    ['/srv/日本', 'cpu-anomaly-0f8fad5b'],
    ['/', 'cpu-anomaly-0f8fad5b'],
    [`/srv/${'a'.repeat(200)}`, `${'a'.repeat(30)}-0f8fad5b`],
  ])('of the folder %s is named %s', (folder, name) => {
    const project = projectOf(folder, ID)
    expect(project).toEqual({
      id: ID,
      name,
      network: `${name}_cluster`,
      sparkVolume: `${name}_spark-data`,
      driverContainer: `${name}-driver`,
    })
    expect(name).toMatch(/^[a-z0-9][a-z0-9_-]*$/) // what compose accepts
  })

  it('keeps folders of one name apart', () => {
    expect(projectOf('/a/x', ID).name).not.toBe(projectOf('/b/x', `1${ID.slice(1)}`).name)
  })
})

it('finds what is ours by the full id of the storage folder', () => {
  expect(labelFilter(projectOf('/a/x', ID))).toEqual({ label: [`io.cpu-anomaly.storage=${ID}`] })
})
