/** How the CPU values of a table are read. */
export interface CpuRules {
  /** Percent of idle time, from which the use is 100 minus that. */
  readonly isIdle: boolean
  readonly hasDecimalComma: boolean
}

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const BLANK = /^(?:|-+|n\/?a|nan|null|none|nil|\?)$/i

/** Nothing was measured. */
export const isBlankValue = (text: string): boolean => BLANK.test(text)

/** Percent in use, as the job reads it; undefined if the text is no number. */
export function readCpu(text: string, { isIdle, hasDecimalComma }: CpuRules): string | undefined {
  const bare = text.replace(/\s*%$/, '')
  const number = hasDecimalComma ? withPoint(bare) : bare
  if (!DECIMAL.test(number)) return undefined
  return isIdle ? complement(number) : number
}

const withPoint = (number: string): string => (number.includes('.') ? '' : number.replace(',', '.'))

/** 100 minus a number, with its decimals: 82.88 gives 17.12. */
function complement(number: string): string {
  const [, decimals = ''] = /\.(\d*)/.exec(number) ?? []
  return String(
    Number((100 - Number(number)).toFixed(Math.min(decimals.length + (/e/i.test(number) ? 10 : 0), 15))),
  )
}

/** Is it written like a number, whatever its decimal sign is? */
export const isNumber = (text: string): boolean =>
  readCpu(text, { isIdle: false, hasDecimalComma: false }) !== undefined || isWithComma(text)

/** Written with a decimal comma. */
export const isWithComma = (text: string): boolean => /^[+-]?\d+,\d+\s*%?$/.test(text)
