import type { PeerCertificate } from 'node:tls'

const DAY_MS = 86_400_000

/** Whose it is, who vouches for it, and until when. */
export function certificateText({ subject, issuer, valid_to }: PeerCertificate): string {
  const days = Math.floor((Date.parse(valid_to) - Date.now()) / DAY_MS)
  return `certificate of ${nameText(subject)}, issued by ${nameText(issuer)}, expires in ${days} days`
}

/** The names that it is for; of an old one, its common name. */
export const namesOf = ({ subjectaltname, subject }: PeerCertificate): string =>
  subjectaltname ?? `${subject?.CN ?? 'no name'}`

const nameText = (name: PeerCertificate['subject'] | undefined): string =>
  Object.entries(name ?? {})
    .map(([attribute, value]) => `${attribute}=${[value].flat().join('+')}`)
    .join(', ') || 'nobody'
