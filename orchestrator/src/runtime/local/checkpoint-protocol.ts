import { z } from 'zod'
import { parseJson } from '../../system/json.ts'

/** What `spark-job/checkpoint_files.py` is asked for, one order at a time. */
export type Order =
  | { readonly op: 'read'; readonly name: string }
  | { readonly op: 'write'; readonly name: string; readonly text: string }
  | { readonly op: 'has_commits' }
  | { readonly op: 'set_aside'; readonly to: string }

const replySchema = z.discriminatedUnion('event', [
  z.object({ event: z.literal('ready') }),
  z.object({ event: z.literal('text'), text: z.string().nullable() }),
  z.object({ event: z.literal('done') }),
  z.object({ event: z.literal('commits'), has: z.boolean() }),
  z.object({ event: z.literal('moved'), to: z.string() }),
  /** `unusable`: the file system refuses a file; `unreachable`: there is no file system. */
  z.object({ event: z.literal('error'), kind: z.enum(['unusable', 'unreachable']), message: z.string() }),
])
export type Reply = z.infer<typeof replySchema>
export type ReplyTo<E extends Reply['event']> = Extract<Reply, { event: E }>

/** Undefined for a line that is not a reply, such as something that a library printed. */
export const parseReply = (line: string): Reply | undefined => replySchema.safeParse(parseJson(line)).data
