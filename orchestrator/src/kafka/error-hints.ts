/** What a user can do about an error of Kafka, by the kind of the error. */
export type Remedy =
  | 'unreachable'
  | 'unknown-host'
  | 'filtered'
  | 'login'
  | 'mechanism'
  | 'protocol'
  | 'no-login'
  | 'rights'
  | 'certificate'
  | 'names'
  | 'expired'
  | 'client-required'
  | 'client-refused'
  | 'pem'
  | 'no-tls'
  | 'tls'
  | 'closed'
  | 'advertised'
  | 'other'

const RESTART = '`cpu-anomaly up` starts the broker again with the KAFKA_USERNAME and KAFKA_PASSWORD of .env.'
const NOT_OURS =
  "This stack's broker does not do this, so another one may answer there: `cpu-anomaly doctor` checks that."

/** For the broker that this stack starts: the settings of other brokers are refused for it. */
const OF_OWN: Readonly<Partial<Record<Remedy, string>>> = {
  unreachable: 'Start the broker with `cpu-anomaly up`; `cpu-anomaly doctor` checks it.',
  login: RESTART,
  mechanism: RESTART,
  protocol: RESTART,
  closed: `${RESTART} \`cpu-anomaly logs kafka\` shows whether it has ended.`,
  other: "See the broker's log: `cpu-anomaly logs kafka`.",
}

const OF_GIVEN: Readonly<Record<Remedy, string>> = {
  unreachable: 'Correct KAFKA_SERVERS in .env; `cpu-anomaly doctor` checks it.',
  'unknown-host': 'Correct the name in KAFKA_SERVERS in .env, or have it added to DNS or /etc/hosts.',
  filtered:
    'Have the way to this port opened (firewall, VPN, security group), or correct KAFKA_SERVERS in .env.',
  login: 'Correct KAFKA_USERNAME, KAFKA_PASSWORD or KAFKA_SASL_MECHANISM in .env.',
  mechanism:
    'Set KAFKA_SASL_MECHANISM in .env to one that the broker offers; `cpu-anomaly doctor` names them.',
  protocol: 'Correct KAFKA_SECURITY_PROTOCOL in .env: this listener does not use SASL.',
  'no-login':
    'Set KAFKA_SECURITY_PROTOCOL in .env to SASL_SSL or SASL_PLAINTEXT, with KAFKA_SASL_MECHANISM, KAFKA_USERNAME and KAFKA_PASSWORD.',
  rights:
    'Grant this user (with Kafka ACLs) Read on the input topic, Write on the topics of results and dead letters, and Describe on all three, or use another user.',
  certificate:
    "Set KAFKA_SSL_CA in .env to the PEM file of the authority that signed the broker's certificate, with all that it takes up to the root.",
  names:
    'Use one of these names in KAFKA_SERVERS in .env, or have the name that you use added to the certificate.',
  expired: "Have the broker's certificate renewed; if it is valid, this machine's clock is wrong.",
  'client-required':
    'Set KAFKA_SSL_CERT and KAFKA_SSL_KEY in .env to the PEM files of the certificate and the key that you got for this cluster.',
  'client-refused':
    'Set KAFKA_SSL_CERT and KAFKA_SSL_KEY in .env to a certificate that has not expired, from an authority that this cluster trusts.',
  pem: 'Set KAFKA_SSL_KEY in .env to the key of the certificate in KAFKA_SSL_CERT, and KAFKA_SSL_KEY_PASSWORD to its password if it has one.',
  'no-tls':
    'Set KAFKA_SECURITY_PROTOCOL=PLAINTEXT (or SASL_PLAINTEXT) in .env, or use the port of its TLS listener.',
  tls: 'Set KAFKA_SECURITY_PROTOCOL=SSL (or SASL_SSL) in .env, or use the port of a listener without TLS.',
  closed:
    'Set KAFKA_SECURITY_PROTOCOL in .env to the protocol of this listener (PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL); if it is right, check whether the broker is still up.',
  advertised:
    'The broker advertises an address that this machine cannot reach: correct its advertised.listeners.',
  other: "See the broker's log.",
}

export const hintFor = (remedy: Remedy, { isOwn }: { readonly isOwn?: boolean }): string =>
  isOwn ? (OF_OWN[remedy] ?? NOT_OURS) : OF_GIVEN[remedy]
