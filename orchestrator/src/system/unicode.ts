/** A UTF-16 code unit as `\uXXXX`: JSON, JavaScript and `java.util.Properties` read it back unchanged. */
export const unicodeEscape = (unit: string): string =>
  `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
