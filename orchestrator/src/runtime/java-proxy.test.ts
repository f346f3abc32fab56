import { expect, it } from 'vitest'
import { javaProxyOptions } from './java-proxy.ts'

it.each([
  ['no proxy', {}, []],
  ['an empty one', { HTTPS_PROXY: '', NO_PROXY: 'a' }, []],
  ['not a URL', { HTTPS_PROXY: 'http://[' }, []],
  ['SOCKS', { HTTPS_PROXY: 'socks5://p:1080' }, []],
  [
    'one with a port',
    { HTTPS_PROXY: 'http://proxy.example:3128' },
    ['-Dhttps.proxyHost=proxy.example', '-Dhttps.proxyPort=3128'],
  ],
  ['one without a scheme', { https_proxy: 'p:3128' }, ['-Dhttps.proxyHost=p', '-Dhttps.proxyPort=3128']],
  ['one without a port', { http_proxy: 'http://p' }, ['-Dhttp.proxyHost=p', '-Dhttp.proxyPort=80']],
  [
    'one with a login, which is left out',
    { HTTPS_PROXY: 'http://me:secret@p:1' },
    ['-Dhttps.proxyHost=p', '-Dhttps.proxyPort=1'],
  ],
  [
    'the lower-case name first, and hosts that need none',
    { HTTPS_PROXY: 'a:1', https_proxy: 'b:2', NO_PROXY: 'localhost, .example.com,*.org' },
    [
      '-Dhttps.proxyHost=b',
      '-Dhttps.proxyPort=2',
      '-Dhttp.nonProxyHosts=localhost|*.localhost|example.com|*.example.com|org|*.org',
    ],
  ],
])('turns the proxy of the shell into options of Java: %s', (_, shell, options) => {
  expect(javaProxyOptions(shell)).toEqual(options)
})
