/** What a user can do about an error of Kafka, by the kind of the error. */
export type Remedy =
  | 'unreachable'
  | 'login'
  | 'protocol'
  | 'rights'
  | 'certificate'
  | 'no-tls'
  | 'closed'
  | 'advertised'
  | 'other'

const RESTART = '`cpu-anomaly up` starts the broker again with the KAFKA_USERNAME and KAFKA_PASSWORD of .env.'
const NOT_OURS =
  "This stack's broker does not do this, so another one may answer there: `cpu-anomaly doctor` checks that."

/** For the broker that this stack starts: the settings of other brokers are refused for it. */
const OF_OWN: Readonly<Record<Remedy, string>> = {
  unreachable: 'Start the broker with `cpu-anomaly up`; `cpu-anomaly doctor` checks it.',
  login: RESTART,
  protocol: RESTART,
  rights: NOT_OURS,
  certificate: NOT_OURS,
  'no-tls': NOT_OURS,
  closed: `${RESTART} \`cpu-anomaly logs kafka\` shows whether it has ended.`,
  advertised: NOT_OURS,
  other: "See the broker's log: `cpu-anomaly logs kafka`.",
}

const OF_GIVEN: Readonly<Record<Remedy, string>> = {
  unreachable: 'Correct KAFKA_SERVERS in .env; `cpu-anomaly doctor` checks it.',
  login: 'Correct KAFKA_USERNAME, KAFKA_PASSWORD or KAFKA_SASL_MECHANISM in .env.',
  protocol: 'Correct KAFKA_SECURITY_PROTOCOL in .env: this listener does not use SASL.',
  rights:
    'Grant this user (with Kafka ACLs) the right to create, read and write the topics, or use another user.',
  certificate:
    "Set KAFKA_SSL_CA in .env to the PEM file of the broker's certificate authority, and use the host name that is in the certificate.",
  'no-tls':
    'Set KAFKA_SECURITY_PROTOCOL=PLAINTEXT (or SASL_PLAINTEXT) in .env, or use the port of its TLS listener.',
  closed:
    'Set KAFKA_SECURITY_PROTOCOL in .env to the protocol of this listener (PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL); if it is right, check whether the broker is still up.',
  advertised:
    'The broker advertises an address that this machine cannot reach: correct its advertised.listeners.',
  other: "See the broker's log.",
}

export const hintFor = (remedy: Remedy, { isOwn }: { readonly isOwn?: boolean }): string =>
  (isOwn ? OF_OWN : OF_GIVEN)[remedy]
