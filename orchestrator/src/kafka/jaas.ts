import type { KafkaSasl } from '../config/config.ts'

const PLAIN_LOGIN = 'org.apache.kafka.common.security.plain.PlainLoginModule'
const SCRAM_LOGIN = 'org.apache.kafka.common.security.scram.ScramLoginModule'

/** A client's login, as Kafka's Java clients take it in `sasl.jaas.config`. */
export function clientJaas({ mechanism, username, password }: KafkaSasl): string {
  const module = mechanism === 'PLAIN' ? PLAIN_LOGIN : SCRAM_LOGIN
  return `${module} required username=${jaasQuoted(username)} password=${jaasQuoted(password)};`
}

/** The broker's own login and the one user it knows, for a listener that speaks SASL PLAIN. */
export function brokerJaas({ username, password }: KafkaSasl): string {
  const [name, secret] = [jaasQuoted(username), jaasQuoted(password)]
  return `${PLAIN_LOGIN} required username=${name} password=${secret} ${jaasQuoted(`user_${username}`)}=${secret};`
}

/** Inside quotes JAAS takes every character as it is, except the quote and the backslash. */
export const jaasQuoted = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&')}"`
