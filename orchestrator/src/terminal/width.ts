/** A terminal of unknown or zero width (a serial line, a container's console) counts as this many columns. */
const DEFAULT_COLUMNS = 80

/** Columns of a terminal, now. */
export const terminalWidth = ({ columns }: { readonly columns?: number | undefined }): number =>
  columns ? columns : DEFAULT_COLUMNS

/** Can lines be overwritten on this stream? Not in a file or a pipe, nor on a terminal without cursor movement. */
export const canOverwrite = ({ isTTY }: { readonly isTTY?: boolean }): boolean =>
  isTTY === true && process.env.TERM !== 'dumb'
