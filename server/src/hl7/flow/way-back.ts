import type { Ack } from '../mllp/ack.ts'
import type { Later } from '../mllp/connection.ts'
import { NOT_STORED } from './refusals.ts'

/** What a sender learns of one frame before and behind its answer. */
export interface WayBack {
  /** Sends the application's answer of enhanced mode. */
  readonly later: Later
  /** To be called once for the frame, as soon as it is known: it is written down, or has to come again. */
  readonly stored: (isStored: boolean) => void
}

/** What became of a message at the point where its sender wants to know. */
export interface Reply {
  readonly ack: Ack
  /** Absent: the sender wants no answer. */
  readonly bytes?: Buffer
}

export function replyOf(ack: Ack, bytes: Buffer | undefined): Reply {
  return bytes === undefined ? { ack } : { ack, bytes }
}

/** MLLP release 2: one byte for each frame, whatever is in it. */
const COMMIT_BYTES = { stored: Buffer.of(0x06), again: Buffer.of(0x15) } as const

/** The sender's own, which answers something that the hub has sent. */
export function isCommitByte(frame: Buffer): boolean {
  return frame.length === 1 && Object.values(COMMIT_BYTES).some((byte) => byte.equals(frame))
}

/** @param send on the connection that the frame came by */
export function wayBack(
  { commitBytes }: { readonly commitBytes: boolean },
  later: Later,
  send: Later,
): WayBack {
  if (!commitBytes) return { later, stored: () => undefined }
  return { later, stored: (isStored) => send(isStored ? COMMIT_BYTES.stored : COMMIT_BYTES.again) }
}

/** A sender that reads commit bytes sends again when it gets the second one; another answer would be one too many. */
export function answerOf(
  { commitBytes }: { readonly commitBytes: boolean },
  { ack, bytes }: Reply,
): Buffer | undefined {
  return commitBytes && ack === NOT_STORED ? undefined : bytes
}

/** The way back of each message of a batch: what is said of the frame waits for the last of them. */
export function sharedWay({ later, stored }: WayBack, messages: number): WayBack {
  let waiting = messages
  let isAllStored = true
  if (waiting === 0) stored(true)
  return {
    later,
    stored(isStored) {
      isAllStored &&= isStored
      if (--waiting === 0) stored(isAllStored)
    },
  }
}
