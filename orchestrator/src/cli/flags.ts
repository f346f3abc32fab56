import { InvalidArgumentError } from 'commander'

/** A parser for a flag whose value is a whole number from `min` to `max`. */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER): (value: string) => number {
  return (value) => {
    const number = Number(value)
    if (!/^\d+$/.test(value) || number < min || number > max)
      throw new InvalidArgumentError(
        max === Number.MAX_SAFE_INTEGER
          ? `Expected a whole number of at least ${min}.`
          : `Expected a whole number from ${min} to ${max}.`,
      )
    return number
  }
}

/** A parser for a flag whose value is one of these words. */
export function oneOf<Word extends string>(...words: readonly Word[]): (value: string) => Word {
  return (value) => {
    const word = words.find((each) => each === value)
    if (word === undefined) throw new InvalidArgumentError(`Expected ${words.join(', ')}.`)
    return word
  }
}
