import { promisify } from 'node:util'
import { unzip } from 'node:zlib'
import kafkajs from 'kafkajs'
import { CliError, errorMessage } from '../errors.ts'
import { unpackLz4 } from './unpack-lz4.ts'
import { unpackSnappy } from './unpack-snappy.ts'
import { unpackZstd } from './unpack-zstd.ts'

/** Of one batch. A topic takes batches of 1 MB, packed, if its max.message.bytes does not say otherwise. */
const MAX_UNPACKED_BYTES = 256 * 1024 * 1024

type Unpack = (packed: Buffer, maxBytes: number) => Buffer | Promise<Buffer>

const unpackGzip: Unpack = (packed, maxOutputLength) => promisify(unzip)(packed, { maxOutputLength })

const { CompressionCodecs, CompressionTypes } = kafkajs

/** Lets kafkajs read what each codec of Kafka has packed: by itself it reads gzip only. */
export function registerCodecs(): void {
  CompressionCodecs[CompressionTypes.GZIP] = () => codecOf('gzip', unpackGzip)
  CompressionCodecs[CompressionTypes.Snappy] = () => codecOf('snappy', unpackSnappy)
  CompressionCodecs[CompressionTypes.LZ4] = () => codecOf('lz4', unpackLz4)
  CompressionCodecs[CompressionTypes.ZSTD] = () => codecOf('zstd', unpackZstd)
}

/** As kafkajs wants a codec; exported for tests. */
export function codecOf(name: string, unpack: Unpack) {
  return {
    async decompress(packed: Buffer): Promise<Buffer> {
      try {
        return await unpack(packed, MAX_UNPACKED_BYTES)
      } catch (error) {
        throw new CliError(
          'KAFKA_REFUSED',
          `records that are compressed with ${name} cannot be unpacked: ${errorMessage(error)}`,
          {
            hint: 'They are damaged, or one batch of them holds more than 256 MiB: find out which producer wrote them, and begin to read behind them.',
            cause: error,
          },
        )
      }
    },
    async compress(): Promise<never> {
      throw new Error(`cpu-anomaly only reads ${name}: it sends records as they are`)
    },
  }
}
