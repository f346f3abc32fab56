const [MAJOR, MINOR] = [20, 19]

/** Ends the program with exit code 6 if this Node.js is too old. */
export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > MAJOR || (major === MAJOR && minor >= MINOR)) return
  console.error(`error: Node.js ${process.versions.node} is too old; ${MAJOR}.${MINOR} or newer is needed.`)
  console.error('→ Install a current one: https://nodejs.org/')
  process.exit(6)
}
