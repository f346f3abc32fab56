import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { latencyResult, scalingResult, throughputResult } from '../measure/results.fixture.ts'
import type { MachineFacts } from '../measure/results.ts'
import { chartLibrary, escapeHtml, jsonForScript, reportPage } from './page.ts'

const machine: MachineFacts = {
  measurement: 'machine',
  date: '2026-01-31T08:00:00.000Z',
  command: 'cpu-anomaly bench --report </script><b>&"\'',
  cpu: 'Some <CPU>',
  cores: 2,
  memoryBytes: 8 * 2 ** 30,
  system: 'Linux 6',
  node: '20.19.0',
  java: '17.0.1',
  spark: '4',
  connector: '4',
  kafka: '4',
}

it('escapes text for HTML', () => {
  expect(escapeHtml(`<a href="x">'&'</a>`)).toBe('&#60;a href=&#34;x&#34;&#62;&#39;&#38;&#39;&#60;/a&#62;')
})

it('escapes JSON for a script without changing its value', () => {
  const value = { text: '</script><!-- \u2028' }
  const written = jsonForScript(value)
  expect(written).toBe('{"text":"\\u003c/script>\\u003c!-- \\u2028"}')
  expect(runInNewContext(`(${written})`)).toEqual(value)
})

it('renders one page that loads nothing and whose scripts cannot be ended early', async () => {
  const library = await chartLibrary()
  const results = [throughputResult(1), latencyResult('micro-batch'), scalingResult('samples', 1, 1)]
  const page = reportPage(machine, results, `${library};'</script>'`)
  expect(page.match(/<script/g)).toHaveLength(2)
  expect(page.match(/<\/script>/g)).toHaveLength(2)
  expect(page).not.toMatch(/<(?:link|img|iframe)\b|\ssrc=/)
  expect(page).toContain('Some &#60;CPU&#62;, 2 cores, 8 GiB')
  expect(page).not.toContain('<b>')
  expect(page.match(/<canvas/g)).toHaveLength(5)
})
