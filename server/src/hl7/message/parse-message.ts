import { fault } from '../../kernel/fault.ts'
import { readDelimiters, type Delimiters } from './delimiters.ts'
import type { Message } from './message.ts'
import { positionOf } from './position.ts'
import { LazySegment } from './segment.ts'

/**
 * Reads one message. A byte order mark, leading blanks, LF and CRLF as segment ends are tolerated; a lone LF ends a segment only where the
 * next line begins with a segment name, so that texts with line feeds survive.
 *
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
  const segments: LazySegment[] = []
  for (const line of text.includes('\n') ? splitMixed(text, delimiters.field) : text.split('\r')) {
    if (line.length >= 3 && line.trim() !== '')
      segments.push(new LazySegment(line, segments.length, delimiters))
  }
  return segments
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
      const isNext =
        (SEGMENT_NAME.test(piece) && (piece.length === 3 || piece[3] === separator)) ||
        (piece[3] === separator && SMALL_NAME.test(piece))
      if (isNext && begun !== '') lines.push(withoutLineFeeds(begun))
      begun = isNext || begun === '' ? piece : `${begun}\n${piece}`
    }
    lines.push(withoutLineFeeds(begun))
  }
  return lines
}

function withoutLineFeeds(line: string): string {
  let end = line.length
  while (line[end - 1] === '\n') end--
  return line.slice(0, end)
}
