import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import type { Delimiters } from '../../src/hl7/message/delimiters.ts'
import { MessageBuilder } from '../../src/hl7/message/message-builder.ts'
import type { Segment } from '../../src/hl7/message/message.ts'
import { parseMessage } from '../../src/hl7/message/parse-message.ts'
import { splitBatches } from '../../src/hl7/mllp/batch.ts'
import { decodeMessage, encodeText } from '../../src/hl7/mllp/charset.ts'
import { Framer } from '../../src/hl7/mllp/framer.ts'
import { readHeader } from '../../src/hl7/mllp/header.ts'
import { Fault } from '../../src/kernel/fault.ts'
import { CORPUS } from './folder.ts'

const MESSAGES = join(CORPUS, 'hl7v2')

/** What cannot make the round trip, by file; the place in the message that the refusal names is checked. */
const REFUSED: readonly { files: RegExp; at: string; why: string; count: number }[] = [
  {
    files: /^linuxforhealth\//,
    at: 'MSH-2',
    count: 16,
    why: 'the escape character twice, left by the source code that they were cut from: one character cannot have two meanings',
  },
  {
    files: /^own-edge-cases\/mllp\/1[1-4]-/,
    at: 'MSH',
    count: 4,
    why: 'frames without a message: empty, a commit byte, or no HL7',
  },
]

/** Their bytes are no text in the character set that they declare, or they declare none: a feed has to say it. */
const CHARSET_OF_FEED: Readonly<Record<string, string>> = {
  'own-edge-cases/messages/charset-declared-latin1-but-utf8.hl7': 'UNICODE UTF-8',
  'own-edge-cases/messages/charset-none-but-latin1.hl7': '8859/1',
  'v2-to-fhir-ig/OML_O21.hl7': '8859/1',
  'v2-to-fhir-ig/ORM_O01.hl7': '8859/1',
}

describe.skipIf(!existsSync(MESSAGES))('every message of the corpus', () => {
  it('is built again byte by byte from what was parsed', () => {
    const different: string[] = []
    const refused: { file: string; at: string }[] = []
    let built = 0
    for (const { file, bytes } of messagesOf(MESSAGES)) {
      try {
        const { whole, parts } = rebuilt(bytes, CHARSET_OF_FEED[file])
        built += 1
        const sent = withPlainEnds(bytes)
        if (![whole, parts].every((again) => withPlainEnds(again).equals(sent))) different.push(file)
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        refused.push({ file, at: String(error.issues[0]?.at) })
      }
    }
    expect(different).toEqual([])
    expect(refused.filter((one) => !REFUSED.some((known) => covers(known, one)))).toEqual([])
    expect(REFUSED.map((known) => refused.filter((one) => covers(known, one)).length)).toEqual(
      REFUSED.map(({ count }) => count),
    )
    expect(built).toBeGreaterThan(990)
  })
})

function covers(known: { files: RegExp; at: string }, { file, at }: { file: string; at: string }): boolean {
  return known.files.test(file) && known.at === at
}

/** Frames of the byte streams, and messages of the files as a watched folder takes them: batches, byte order marks and blanks belong to the file. */
function* messagesOf(folder: string): Generator<{ file: string; bytes: Buffer }> {
  for (const file of globSync('**/*.{hl7,txt,bin}', { cwd: folder }).toSorted()) {
    const bytes = readFileSync(join(folder, file))
    const parts = file.endsWith('.bin') ? framesOf(bytes) : splitBatches(bytes).messages
    for (const part of parts) yield { file, bytes: part }
  }
}

function framesOf(bytes: Buffer): readonly Buffer[] {
  return new Framer(2 ** 20).push(bytes).flatMap((event) => (event.kind === 'frame' ? [event.bytes] : []))
}

/** The message as the builder writes it, and put together from the smallest parts that can be asked for. */
function rebuilt(bytes: Buffer, charset?: string): { whole: Buffer; parts: Buffer } {
  const header = readHeader(bytes)
  // Without one the parser says what is missing.
  const message = parseMessage(header ? decodeMessage(bytes, header, charset) : bytes.toString('latin1'))
  const parts = message.segments.map((segment) => `${joinedParts(segment, message.delimiters)}\r`).join('')
  const whole = MessageBuilder.from(message).toString()
  return { whole: encodeText(whole, header, charset), parts: encodeText(parts, header, charset) }
}

function joinedParts(segment: Segment, { field, repetition, component }: Delimiters): string {
  const first = ['MSH', 'FHS', 'BHS'].includes(segment.name) ? 2 : 1
  const fields = numbersTo(segment.fieldCount)
    .slice(first - 1)
    .map((number) =>
      segment
        .field(number)
        .map((one) =>
          numbersTo(one.componentCount)
            .map((place) => one.rawComponent(place))
            .join(component),
        )
        .join(repetition),
    )
  // A sender may write blanks behind the name.
  return [segment.raw.split(field, 1)[0], ...fields].join(field)
}

function numbersTo(last: number): readonly number[] {
  return Array.from({ length: last }, (_, index) => index + 1)
}

/** Segments end with CR when the hub writes them, however the file ended its lines; empty lines are no segments. */
function withPlainEnds(bytes: Buffer): Buffer {
  return Buffer.from(
    bytes
      .toString('latin1')
      .replaceAll(/[\r\n]+/g, '\r')
      .trim(),
    'latin1',
  )
}
