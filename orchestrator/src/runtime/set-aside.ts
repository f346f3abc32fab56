/** A new name for a checkpoint that is set aside: with the time, in characters that every file system accepts. */
export const setAsideName = (checkpoint: string): string =>
  `${checkpoint}-${new Date().toISOString().replace(/[:.]/g, '-')}`

/** Is this the name of a checkpoint that was set aside? */
export const isSetAsideName = (checkpoint: string, name: string): boolean =>
  name.startsWith(`${checkpoint}-`) &&
  /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z$/.test(name.slice(checkpoint.length + 1))
