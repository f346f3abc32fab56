declare module 'kafkajs/src/protocol/encoder.js' {
  export default class Encoder {
    writeArray(values: readonly string[], type: 'string'): Encoder
    writeBoolean(value: boolean): Encoder
  }
}

declare module 'kafkajs/src/protocol/decoder.js' {
  export default class Decoder {
    constructor(buffer: Buffer)
    readInt16(): number
    readInt32(): number
    readBoolean(): boolean
    readString(): string | null
    readArray<T>(read: (decoder: Decoder) => T): T[]
  }
}
