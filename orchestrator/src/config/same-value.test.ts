import { expect, it } from 'vitest'
import { isSameValue } from './same-value.ts'

it.each([
  ['KAFKA_PORT', '09093', '9093', true],
  ['KAFKA_PORT', '9094', '9093', false],
  ['NORMAL_MEAN', '14.50', '14.5', true],
  ['WINDOW_DURATION', '0.5 s', '500 milliseconds', true],
  ['WATERMARK_DELAY', '10s', '10 seconds', true],
  ['ANOMALY_DIRECTION', 'High', 'high', true],
  ['SPARK_DRIVER_MEMORY', '1G', '1gb', true],
  ['SPARK_DRIVER_MEMORY', '1024m', '1g', true],
  ['SHUFFLE_PARTITIONS', '', '', true],
  ['SHUFFLE_PARTITIONS', '', '2', false],
  ['KAFKA_PASSWORD', 'a', 'A', false],
  ['WINDOW_DURATION', 'of another version', '500 ms', false],
  ['SPARK_CONF_spark.x', '1', '1.0', false],
])('%s: do %j and %j mean the same? %s', (key, a, b, expected) => {
  expect(isSameValue(key, a, b)).toBe(expected)
})
