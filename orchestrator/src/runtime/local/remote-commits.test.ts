import { expect, it } from 'vitest'
import { remoteCommits } from './remote-commits.ts'

it('each checkpoint has a folder of its own for its newest commit', () => {
  const folders = ['s3a://b/a', 's3a://b/b'].map((location) => remoteCommits({ run: '/run' }, location))
  expect(new Set(folders).size).toBe(2)
  expect(folders[0]).toMatch(/^\/run\/commits-[0-9a-f]{8}$/)
})
