/** A new name for a checkpoint that is set aside: with the time, in characters that every file system accepts. */
export const setAsideName = (checkpoint: string): string =>
  `${checkpoint}-${new Date().toISOString().replace(/[:.]/g, '-')}`
