import { escapeControls } from '../terminal/text.ts'

const MOST_CHARACTERS = 60

/** Text from a file, safe to show and not too long, in quotes. */
export const shown = (text = ''): string =>
  JSON.stringify(escapeControls(text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text))
