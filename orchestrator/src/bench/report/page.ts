import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { unicodeEscape } from '../../system/unicode.ts'
import { type MachineFacts, type Measurement, samplesChecks } from '../measure/results.ts'
import { type Chart, resultCharts } from './charts.ts'
import { resultTables, type TableData } from './tables.ts'

const require = createRequire(import.meta.url)

/** The source of the chart library, to be embedded in a page. */
export async function chartLibrary(): Promise<string> {
  return readFile(join(dirname(require.resolve('chart.js')), 'chart.umd.min.js'), 'utf8')
}

/** Renders a self-contained HTML page with tables and charts; `library` is the source of the chart library. */
export function reportPage(machine: MachineFacts, results: readonly Measurement[], library: string): string {
  const charts = resultCharts(results)
  const tables = resultTables(results, samplesChecks(results))
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'">
<title>cpu-anomaly bench, ${escapeHtml(machine.date)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>cpu-anomaly bench</h1>
${factsHtml(machine)}
${tables.map(tableHtml).join('\n')}
<div class="charts">
${charts.map(({ title }, index) => `<figure><figcaption>${escapeHtml(title)}</figcaption><canvas id="chart-${index}"></canvas></figure>`).join('\n')}
</div>
<script>${withoutEndTag(library)}</script>
<script>
const charts = ${jsonForScript(charts.map(({ config }: Chart) => config))};
charts.forEach((config, index) => new Chart(document.getElementById('chart-' + index), config));
</script>
</body>
</html>
`
}

const STYLE = `
body { font: 15px/1.45 system-ui, sans-serif; color: #222; background: #fff; max-width: 1200px; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.6em; } h2 { font-size: 1.1em; margin: 1.8em 0 .4em; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1em 1em; } dt { color: #666; } dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; } th, td { padding: .25em .8em; border-bottom: 1px solid #ddd; text-align: right; }
th:first-child, td:first-child { text-align: left; } th { color: #666; font-weight: 600; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(520px, 100%), 1fr)); gap: 2em; margin-top: 2.5em; }
figure { margin: 0; min-width: 0; } figcaption { font-weight: 600; margin-bottom: .4em; }
`

/** Name and text of each fact, for the end of the printed tables and the head of the page. */
export const machineLines = (machine: MachineFacts): [string, string][] => [
  [
    'machine',
    `${machine.cpu}, ${machine.cores} cores, ${Math.round(machine.memoryBytes / 2 ** 30)} GiB, ${machine.system}`,
  ],
  [
    'versions',
    `Node.js ${machine.node}, Java ${machine.java}, Spark ${machine.spark} with connector ${machine.connector}, Kafka ${machine.kafka}`,
  ],
  ['date', machine.date],
  ['command', machine.command],
]

function factsHtml(machine: MachineFacts): string {
  const lines = machineLines(machine).map(
    ([name, text]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(text)}</dd>`,
  )
  return `<dl>${lines.join('')}</dl>`
}

function tableHtml({ title, head, rows }: TableData): string {
  const row = (tag: string, cells: readonly string[]) =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`
  return `<h2>${escapeHtml(title)}</h2>
<table><thead>${row('th', head)}</thead><tbody>${rows.map((cells) => row('td', cells)).join('')}</tbody></table>`
}

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)

/** JSON for a script element: without `<`, so that no tag can begin in it; JavaScript reads the same value. */
export const jsonForScript = (value: unknown): string =>
  JSON.stringify(value).replace(/[<\u2028\u2029]/g, unicodeEscape)

const withoutEndTag = (script: string): string => script.replace(/<\/script/gi, '<\\/script')
