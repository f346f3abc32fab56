/** Those of the defaults that the given properties do not set. */
export const unlessSet = (
  given: Readonly<Record<string, string>>,
  defaults: Readonly<Record<string, string>>,
): Record<string, string> =>
  Object.fromEntries(Object.entries(defaults).filter(([name]) => given[name] === undefined))
