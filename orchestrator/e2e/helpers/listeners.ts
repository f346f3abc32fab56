import { readdir, readFile, readlink } from 'node:fs/promises'
import { connect } from 'node:net'
import { execa } from 'execa'
import type { Stack } from './stack.ts'

/** A listening TCP socket of a process. */
export interface Listener {
  readonly pid: number
  readonly program: string
  readonly isLoopback: boolean
  readonly port: number
}

/** Every listening socket of every process of a folder's stack on this machine, as the kernel lists them (Linux). */
export async function listenersOf(stack: Stack): Promise<Listener[]> {
  const { stdout } = await execa('ps', ['-ww', '-eo', 'pid,args'])
  const own = stdout.split('\n').filter((line) => line.includes(stack.folder))
  const found = await Promise.all(own.map((line) => listenersOfProcess(Number.parseInt(line, 10), line)))
  return found.flat()
}

async function listenersOfProcess(pid: number, program: string): Promise<Listener[]> {
  const inodes = await socketInodes(pid)
  const own = (await listeningSockets(`/proc/${pid}/net`)).filter(({ inode }) => inodes.has(inode))
  return own.map(({ isLoopback, port }) => ({ pid, program, isLoopback, port }))
}

/** The sockets of a user that listen in this machine's own network, in containers or not. */
export async function listenersOfUser(uid: number): Promise<Pick<Listener, 'isLoopback' | 'port'>[]> {
  return (await listeningSockets('/proc/net')).filter((socket) => socket.uid === uid)
}

async function listeningSockets(tables: string) {
  const texts = await Promise.all(
    ['tcp', 'tcp6'].map((table) => readFile(`${tables}/${table}`, 'utf8').catch(() => '')),
  )
  return texts.flatMap((text) =>
    text.split('\n').flatMap((line) => {
      const [, address = '', , state, , , , uid, , inode = ''] = line.trim().split(/\s+/)
      const [host = '', port = ''] = address.split(':')
      return state === LISTEN
        ? [{ uid: Number(uid), inode, isLoopback: LOOPBACK.test(host), port: Number.parseInt(port, 16) }]
        : []
    }),
  )
}

const LISTEN = '0A'
// 127.0.0.0/8 in the byte order of the machine, the same as an IPv6 address, and ::1.
const LOOPBACK = /^(0000000000000000FFFF0000)?[0-9A-F]{6}7F$|^0{24}01000000$/

async function socketInodes(pid: number): Promise<Set<string>> {
  const names = await readdir(`/proc/${pid}/fd`).catch(() => [])
  const links = await Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')))
  return new Set(links.map((link) => link.match(/^socket:\[(\d+)\]$/)?.[1] ?? ''))
}

/** What a port answers to a request in Spark's protocol from a client without the secret; empty if it is not Spark's. */
export async function answerToStranger(port: number): Promise<string> {
  const body = Buffer.from('stranger')
  const head = Buffer.alloc(21)
  head.writeBigUInt64BE(BigInt(head.length + body.length), 0)
  head[8] = RPC_REQUEST
  head.writeUInt32BE(body.length, 17) // after the id of the request, which is 0
  return new Promise((resolve) => {
    const received: Buffer[] = []
    const socket = connect(port, '127.0.0.1', () => socket.write(Buffer.concat([head, body])))
    const end = () => socket.destroy()
    socket.setTimeout(ANSWER_MS, end)
    socket.on('data', (data) => {
      received.push(data)
      end()
    })
    socket.on('error', end)
    socket.on('close', () => resolve(Buffer.concat(received).toString('latin1')))
  })
}

const RPC_REQUEST = 3
const ANSWER_MS = 2_000
