/** How to start a new checkpoint, and what it costs. */
export const WITH_SUBMIT =
  'with `cpu-anomaly submit --new-checkpoint` (the old one is set aside, not deleted; the input is read again from STARTING_OFFSETS)'

/** The two ways out of a checkpoint of which a file cannot be used. */
export const WAYS_OUT = `Restore the checkpoint from a backup, or start a new one ${WITH_SUBMIT}.`

/** A new name for a checkpoint that is set aside: with the time, in characters that every file system accepts. */
export const setAsideName = (checkpoint: string): string =>
  `${checkpoint}-${new Date().toISOString().replace(/[:.]/g, '-')}`

/** Is this the name of a checkpoint that was set aside? */
export const isSetAsideName = (checkpoint: string, name: string): boolean =>
  name.startsWith(`${checkpoint}-`) &&
  /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z$/.test(name.slice(checkpoint.length + 1))
