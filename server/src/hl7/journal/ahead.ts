import { limits } from '../../kernel/limits.ts'
import type { RecordStore } from '../../store/port.ts'
import { bringIn, Desk, NOWHERE, PLACE } from './ahead-desk.ts'
import { openAheadFile, readAhead, type Payload, type Place } from './ahead-file.ts'
import { FLOW, type Journaled } from './entry.ts'
import { piecesOf, type NewLine } from './journal-line.ts'

/**
 * The journal ahead of the store: new lines are durable after one sync of a file that only grows. A line reaches the store once, in its last
 * state, in the step that commits its message; one that waits for longer goes ahead of that, in groups. A start brings into the store what
 * was left in the file. For a store that belongs to this process alone.
 */
export interface Ahead {
  /** Resolves when the line is durable. */
  add(line: NewLine): Promise<Journaled>
  get(id: string): Journaled | undefined
  bySecond(second: string): Journaled | undefined
  /** Ids of durable lines behind `after` that the store may not have yet, oldest first. */
  idsBehind(after: string): readonly string[]
  /**
   * Takes a line that waits, for the step that commits its message; it must be released whatever becomes of the step.
   *
   * @returns `undefined` for a line that is in the store or on its way
   */
  claim(id: string): NewLine | undefined
  /** @param isStored the step is durable; otherwise the line waits again */
  release(id: string, isStored: boolean): void
  isClaimed(id: string): boolean
  /** As much waits as memory may hold. */
  readonly isFull: boolean
  /** Sends what was added on its way to the disk. */
  flush(): void
  /** Hands everything to the store that is not claimed, in front of whatever the caller hands to it next. */
  settle(): void
  /** Everything that was added before is in the store. */
  settled(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

export interface AheadDeps {
  readonly records: RecordStore
  /** Of this process alone. */
  readonly folder: string
  readonly report: (error: unknown, message: string) => void
}

export function createAhead({ records, folder, report }: AheadDeps): Ahead {
  const desk = new Desk({ records, report })
  return {
    add: (line) => desk.add(line, payloadOf(line)),
    get: (id) => desk.get(id),
    bySecond: (second) => desk.bySecond.get(second),
    idsBehind: (after) => desk.idsBehind(after),
    claim: (id) => desk.claim(id),
    release: (id, isStored) => desk.release(id, isStored),
    isClaimed: (id) => desk.isClaimed(id),
    get isFull() {
      return desk.durable >= limits.hl7.aheadMessages || desk.bytes >= limits.hl7.aheadBytes
    },
    flush: () => desk.flush(),
    settle: () => desk.settle(),
    settled: async () => desk.settled(),
    async start() {
      const known = await records.get(FLOW.ahead, PLACE)
      const after = known === undefined ? NOWHERE : (known.value as unknown as Place)
      const left = readAhead(folder, after)
      desk.open(openAheadFile(folder, after))
      for (let at = 0; at < left.length; at += limits.hl7.aheadBatch) {
        const lines = left.slice(at, at + limits.hl7.aheadBatch).map(({ payload }) => decoded(payload))
        await bringIn(records, lines)
        await mendBytes(records, lines)
      }
      const last = left.at(-1)?.end
      if (last !== undefined) await desk.tell(last)
    },
    stop: async () => desk.stop(),
  }
}

/** A line that came into the store with its commit may be there without its bytes, when the disk took the one and not the other. */
async function mendBytes(records: RecordStore, lines: readonly NewLine[]): Promise<void> {
  for (const { id, bytes } of lines) {
    const pieces = piecesOf(FLOW.raw, id, bytes)
    const [first] = pieces
    if (first === undefined || (await records.get(FLOW.raw, first.id)) !== undefined) continue
    if ((await records.get(FLOW.journal, id)) !== undefined) await records.apply(pieces)
  }
}

/** Length of the line as JSON (4), the line, the bytes of the message. */
function payloadOf({ id, second, entry, bytes }: NewLine): Payload {
  const line = JSON.stringify({ id, second, entry })
  return {
    room: 4 + 3 * line.length + bytes.length,
    writeTo(buffer, at) {
      const length = buffer.write(line, at + 4, 'utf8')
      buffer.writeUInt32BE(length, at)
      bytes.copy(buffer, at + 4 + length)
      return 4 + length + bytes.length
    },
  }
}

function decoded(payload: Buffer): NewLine {
  const end = 4 + payload.readUInt32BE(0)
  const line = JSON.parse(payload.toString('utf8', 4, end)) as Omit<NewLine, 'bytes'>
  return { ...line, bytes: payload.subarray(end) }
}
