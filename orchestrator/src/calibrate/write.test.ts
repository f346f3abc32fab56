import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { load } from '../config/load.fixture.ts'
import { newFolder } from '../system/folder.fixture.ts'
import { normalOf } from './calibration.fixture.ts'
import { requireWritable, write } from './write.ts'

const BY_KEY = { by_key: true, by_hour: false, timezone: 'Europe/Berlin' }
const groups = [
  normalOf(),
  normalOf({ series: 'a' }),
  normalOf({ series: 'few', is_enough: false }),
  normalOf({ series: '' }),
]

it('writes the groups that have enough data into a new baseline, and names it in .env', async () => {
  const folder = await newFolder()
  const { config } = await load({ env: 'GROUP_BY=key\n' }, folder)
  requireWritable(config, BY_KEY)
  await write(config, groups, 'robust', BY_KEY)
  expect(await readFile(join(folder, '.env'), 'utf8')).toBe('GROUP_BY=key\nBASELINE_FILE=baseline.csv\n')
  expect(await readFile(join(folder, 'baseline.csv'), 'utf8')).toBe(
    '# cpu-anomaly baseline 1, timezone=Europe/Berlin\nseries,hour_of_week,mean,stddev\na,,14.84,3.14\n',
  )
})

it('refuses a file that is there but not named, and groups without enough data', async () => {
  const folder = await newFolder()
  const { config } = await load({ env: '' }, folder)
  await expect(write(config, groups.slice(2), 'robust', BY_KEY)).rejects.toThrow('no group has 30 windows')
  await writeFile(join(folder, 'baseline.csv'), '')
  expect(() => requireWritable(config, BY_KEY)).toThrow('already exists')
})
