import { fault } from '../../kernel/fault.ts'
import { readDelimiters, type Delimiters } from './delimiters.ts'
import type { Message } from './message.ts'
import { positionOf } from './position.ts'
import { isSegmentName } from './segment-names.ts'
import { LazySegment } from './segment.ts'

/**
 * Reads one message. A byte order mark, leading blanks, LF and CRLF as segment ends are tolerated; a lone LF ends a segment only where the
 * next line begins with a segment name, so that texts with line feeds survive. What an ADD segment says belongs to the segment before it.
 *
 * @see HL7 v2.5.1, 2.10.2 (continuation of segments)
 * @throws Fault `malformed` when it does not begin with a usable header segment.
 */
export function parseMessage(text: string): Message {
  const start = firstLetter(text)
  if (!text.startsWith('MSH', start))
    throw fault('malformed', { code: 'structure', at: 'MSH', text: 'A message begins with an MSH segment' })
  const delimiters = readDelimiters(text, start + 3)
  const segments = splitSegments(start === 0 ? text : text.slice(start), delimiters)
  return {
    text,
    delimiters,
    segments,
    segment: (name) => nthSegment(segments, name, 1),
    get: (path) => {
      const position = positionOf(path)
      return nthSegment(segments, position.segment, position.occurrence)?.textAt(position) ?? ''
    },
  }
}

function nthSegment(
  segments: readonly LazySegment[],
  name: string,
  occurrence: number,
): LazySegment | undefined {
  let left = occurrence
  for (const segment of segments) if (segment.name === name && --left === 0) return segment
  return undefined
}

/** Position behind a byte order mark and white space. */
function firstLetter(text: string): number {
  let at = 0
  while (at < text.length && (text.charCodeAt(at) <= 32 || text.charCodeAt(at) === 0xfeff)) at++
  return at
}

function splitSegments(text: string, delimiters: Delimiters): readonly LazySegment[] {
  const lines: string[] = []
  for (const line of text.includes('\n') ? splitMixed(text, delimiters.field) : text.split('\r')) {
    if (line.length < 3 || line.trim() === '') continue
    // A long segment was cut anywhere: what is behind the name and its separator goes on there. The header is never cut.
    if (lines.length > 1 && line.length > 4 && line.startsWith(`ADD${delimiters.field}`))
      lines.push(`${lines.pop() ?? ''}${line.slice(4)}`)
    else lines.push(line)
  }
  return lines.map((line, index) => new LazySegment(line, index, delimiters))
}

const SEGMENT_NAME = /^[A-Z][A-Z0-9]{2}/
/** In small letters only names that are no words: `Yes|` may be the last line of a text. Nothing reads such a segment, and that is reported. */
const SMALL_NAME =
  /^(?:msh|evn|pid|pd1|nk1|pv[12]|al1|dg1|in1|gt1|orc|obr|obx|nte|spm|tq1|rx[acdegor]|txa|ft1)/i

/** CR (with or without LF) always ends a segment, a lone LF only before another segment. */
function splitMixed(text: string, separator: string): string[] {
  const lines: string[] = []
  for (const chunk of text.replaceAll('\r\n', '\r').split('\r')) {
    let begun = ''
    for (const piece of chunk.split('\n')) {
      const isNext = begins(piece, separator) && !(isUnknown(piece) && endsInText(begun, separator))
      if (isNext && begun !== '') lines.push(withoutLineFeeds(begun))
      begun = isNext || begun === '' ? piece : `${begun}\n${piece}`
    }
    lines.push(withoutLineFeeds(begun))
  }
  return lines
}

function begins(piece: string, separator: string): boolean {
  if (SEGMENT_NAME.test(piece)) return piece.length === 3 || piece[3] === separator
  return piece[3] === separator && SMALL_NAME.test(piece)
}

function isUnknown(piece: string): boolean {
  return SEGMENT_NAME.test(piece) && !isSegmentName(piece.slice(0, 3))
}

/** Fields with texts that senders break into lines, `NEG|` being the last one. */
const TEXT_FIELDS: Readonly<Record<string, readonly number[]>> = {
  AL1: [5],
  DG1: [4],
  IAM: [5],
  MSA: [3],
  NTE: [3],
  OBR: [13],
  OBX: [5],
  PR1: [4],
  RXE: [7],
  RXO: [6],
}

function endsInText(begun: string, separator: string): boolean {
  const fields = TEXT_FIELDS[begun.slice(0, 3)]
  return fields !== undefined && fields.includes(begun.split(separator).length - 1)
}

/** @returns whether a line of a text begins like a segment that no version has: nobody can tell, and it was taken for text */
export function hasDoubtfulLine({ raw }: Pick<LazySegment, 'raw'>): boolean {
  if (!raw.includes('\n')) return false
  const separator = raw.charAt(3)
  return raw
    .split('\n')
    .slice(1)
    .some((line) => SEGMENT_NAME.test(line) && begins(line, separator) && isUnknown(line))
}

function withoutLineFeeds(line: string): string {
  let end = line.length
  while (line[end - 1] === '\n') end--
  return line.slice(0, end)
}
