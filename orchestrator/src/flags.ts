import { InvalidArgumentError } from 'commander'

/** A flag's value that must be a whole number of at least `min`. */
export function wholeNumber(min: number): (value: string) => number {
  return (value) => {
    const number = Number(value)
    if (!/^\d+$/.test(value) || !Number.isSafeInteger(number) || number < min)
      throw new InvalidArgumentError(`Expected a whole number of at least ${min}.`)
    return number
  }
}
