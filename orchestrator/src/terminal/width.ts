/** A terminal of unknown or zero width (a serial line, a container's console) counts as this many columns. */
const DEFAULT_COLUMNS = 80

/** Columns of a terminal, now. */
export const terminalWidth = ({ columns }: { readonly columns?: number | undefined }): number =>
  columns ? columns : DEFAULT_COLUMNS
