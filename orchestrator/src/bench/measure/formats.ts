import { median } from '../../statistics.ts'
import type { BenchFormat } from './format-settings.ts'
import { type BenchTools, loadTopic, readTopic } from './load-and-read.ts'
import type { FormatResult } from './results.ts'
import { ratesInTurn } from './rounds.ts'
import type { BenchSizes } from './sizes.ts'

/** Reads the same samples as csv and in each format, in turn. */
export async function formatsSection(
  tools: BenchTools,
  { samples, rounds, batchRecords }: BenchSizes['formats'],
  names: readonly BenchFormat[],
  onResult: (result: FormatResult) => void,
): Promise<void> {
  const formats: readonly BenchFormat[] = ['csv', ...names]
  const topics = new Map<BenchFormat, string>()
  for (const format of formats) topics.set(format, await loadTopic(tools, { samples, perRecord: 1, format }))
  const outputTopic = await tools.workspace.createTopic('out')
  const rates = await ratesInTurn(formats, rounds, async (format, which) => {
    const topic = topics.get(format) as string
    const name = `${format}, ${which}`
    const options = { name, what: 'job', topic, outputTopic, samples, batchRecords, format } as const
    return (await readTopic(tools, options)).rate
  })
  for (const topic of topics.values()) await tools.workspace.removeTopic(topic)
  const csvRate = median(rates.get('csv') ?? [])
  for (const [format, measured] of rates) {
    const rate = median(measured)
    onResult({ measurement: 'format', format, samples, rates: measured, rate, share: rate / csvRate })
  }
}
