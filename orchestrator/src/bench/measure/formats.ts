import { median } from '../../statistics.ts'
import type { BenchFormat } from './format-settings.ts'
import { type BenchTools, loadTopic, readTopic } from './load-and-read.ts'
import type { FormatResult } from './results.ts'
import { ratesInTurn } from './rounds.ts'
import type { BenchSizes } from './sizes.ts'

/** Reads the same samples as csv and in a format, in turn. */
export async function measureFormat(
  tools: BenchTools,
  { samples, rounds, batchRecords }: BenchSizes['formats'],
  format: BenchFormat,
): Promise<FormatResult> {
  const pair: readonly BenchFormat[] = ['csv', format]
  const topics = new Map<BenchFormat, string>()
  for (const name of pair) topics.set(name, await loadTopic(tools, { samples, perRecord: 1, format: name }))
  const outputTopic = await tools.workspace.createTopic('out')
  const measured = await ratesInTurn(pair, rounds, async (name, which) => {
    const topic = topics.get(name) as string
    const of = name === 'csv' ? `csv beside ${format}` : name
    const common = { what: 'job', topic, outputTopic, samples, batchRecords, format: name } as const
    return (await readTopic(tools, { ...common, name: `${of}, ${which}` })).rate
  })
  for (const topic of topics.values()) await tools.workspace.removeTopic(topic)
  const [csvRates, rates] = [measured.get('csv') ?? [], measured.get(format) ?? []]
  const [csvRate, rate] = [median(csvRates), median(rates)]
  return { measurement: 'format', format, samples, rates, rate, csvRates, csvRate, share: rate / csvRate }
}
