import { connect } from 'node:net'
import { type Deadline, withDeadline } from './deadline.ts'

/** Connects once, and closes the connection; resolves to the address of this machine from which it went. */
export function connectOnce(
  { host, port }: { readonly host: string; readonly port: number },
  deadline: Deadline,
): Promise<string> {
  const socket = connect({ host, port })
  const connected = new Promise<string>((resolve, reject) => {
    socket.once('connect', () => resolve(socket.localAddress ?? '127.0.0.1'))
    socket.once('error', reject)
  })
  return withDeadline(connected, deadline).finally(() => socket.destroy())
}
