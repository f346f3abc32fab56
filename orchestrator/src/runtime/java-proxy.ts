import type { ShellEnvironment } from '../system/child-environment.ts'

/**
 * The shell's HTTPS_PROXY, HTTP_PROXY and NO_PROXY as options of Java, which does not read them. The login of a proxy is
 * left out, because every user of the machine can read arguments.
 */
export function javaProxyOptions(shell: ShellEnvironment): string[] {
  const value = (name: string) => shell[name.toLowerCase()] || shell[name] || ''
  const options = ['https', 'http'].flatMap((scheme) =>
    proxyOptions(scheme, value(`${scheme.toUpperCase()}_PROXY`)),
  )
  const direct = nonProxyHosts(value('NO_PROXY'))
  return options.length > 0 && direct !== '' ? [...options, `-Dhttp.nonProxyHosts=${direct}`] : options
}

function proxyOptions(scheme: string, proxy: string): string[] {
  const url = proxy.includes('://') ? proxy : `http://${proxy}`
  if (!URL.canParse(url)) return []
  const { protocol, hostname, port } = new URL(url)
  if (!/^https?:$/.test(protocol)) return [] // SOCKS has other properties
  const defaultPort = protocol === 'https:' ? '443' : '80'
  return [`-D${scheme}.proxyHost=${hostname}`, `-D${scheme}.proxyPort=${port || defaultPort}`]
}

/** A domain stands for its hosts too, with or without a leading dot. */
const nonProxyHosts = (list: string): string =>
  list
    .split(',')
    .map((entry) => entry.trim().replace(/^\*?\./, ''))
    .filter((entry) => entry !== '')
    .flatMap((entry) => (entry === '*' ? ['*'] : [entry, `*.${entry}`]))
    .join('|')
