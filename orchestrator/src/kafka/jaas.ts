import type { KafkaSasl } from '../config/config.ts'

const PLAIN_LOGIN = 'org.apache.kafka.common.security.plain.PlainLoginModule'
const SCRAM_LOGIN = 'org.apache.kafka.common.security.scram.ScramLoginModule'

/** The login of a client, as the value of `sasl.jaas.config` in Kafka's Java clients. */
export function clientJaas({ mechanism, username, password }: KafkaSasl): string {
  const module = mechanism === 'PLAIN' ? PLAIN_LOGIN : SCRAM_LOGIN
  return `${module} required username=${quoteJaas(username)} password=${quoteJaas(password)};`
}

/** The broker's own login and its only user, for a SASL PLAIN listener. */
export function brokerJaas({ username, password }: KafkaSasl): string {
  const [name, secret] = [quoteJaas(username), quoteJaas(password)]
  return `${PLAIN_LOGIN} required username=${name} password=${secret} ${quoteJaas(`user_${username}`)}=${secret};`
}

/** Within quotes, JAAS takes every character literally, except the quote and the backslash. */
export const quoteJaas = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&')}"`
