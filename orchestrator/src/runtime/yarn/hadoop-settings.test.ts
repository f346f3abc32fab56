import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { newFolder } from '../../system/folder.fixture.ts'
import { propertiesIn, readHadoopSettings } from './hadoop-settings.ts'

const site = (properties: Record<string, string>): string =>
  `<?xml version="1.0"?>\n<configuration>${Object.entries(properties)
    .map(([name, value]) => `<property>\n <name>${name}</name><value>${value}</value></property>`)
    .join('\n')}</configuration>\n`

/** How a value names another setting. */
const named = (name: string): string => `$\{${name}}`

/** A folder with these files. */
async function folderWith(files: Record<string, string>): Promise<string> {
  const folder = await newFolder()
  await mkdir(folder, { recursive: true })
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return folder
}

describe("Hadoop's settings", () => {
  it('are those of both files, and values may name others', async () => {
    const HADOOP_CONF_DIR = await folderWith({
      'core-site.xml': site({ 'fs.defaultFS': 'hdfs://nn:8020' }),
      'yarn-site.xml': site({
        'rm.host': 'rm-1',
        'rm.web': `${named('rm.host')}:8088`,
        'rm.odd': `${named('unknown')}/x`,
      }),
    })
    const settings = await readHadoopSettings({ HADOOP_CONF_DIR })
    expect(['fs.defaultFS', 'rm.web', 'rm.odd', 'missing'].map((name) => settings.get(name))).toEqual([
      'hdfs://nn:8020',
      'rm-1:8088',
      `${named('unknown')}/x`,
      undefined,
    ])
    expect(settings.folder).toBe(HADOOP_CONF_DIR)
  })

  it('may be in two folders', async () => {
    const HADOOP_CONF_DIR = await folderWith({ 'core-site.xml': site({ a: '1' }) })
    const YARN_CONF_DIR = await folderWith({ 'yarn-site.xml': site({ b: '2' }) })
    const settings = await readHadoopSettings({ HADOOP_CONF_DIR, YARN_CONF_DIR })
    expect([settings.get('a'), settings.get('b'), settings.folder]).toEqual(['1', '2', YARN_CONF_DIR])
  })

  it('leave comments out, and entities stand for their characters', () => {
    const text = `<configuration><!-- <property><name>a</name><value>old</value></property> -->
      <property><name>a</name><value> x&amp;y&lt; </value><final>true</final></property><property><name>e</name><value/></property></configuration>`
    expect([...propertiesIn(text)]).toEqual([['a', 'x&y<']])
  })

  it.each([
    ['without the variable', async () => ({}), 'needs HADOOP_CONF_DIR, which is not set'],
    [
      'without yarn-site.xml',
      async () => ({ HADOOP_CONF_DIR: await folderWith({}) }),
      'no yarn-site.xml can be read',
    ],
  ])('are asked for %s', async (_, shell, expected) => {
    await expect(readHadoopSettings(await shell())).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining(expected),
      hint: expect.stringContaining('export HADOOP_CONF_DIR='),
    })
  })
})
