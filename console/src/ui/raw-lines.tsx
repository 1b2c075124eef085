import Box from '@mui/material/Box'
import { Fragment } from 'react'

interface RawLinesProps {
  readonly text: string
  readonly label: string
}

/**
 * The text of a message, a segment a line. Control characters are drawn by their names and are no text: what is copied can be pasted as a message, and no font
 * needs to have signs for them.
 */
export function RawLines({ text, label }: RawLinesProps) {
  return (
    <Box component="pre" dir="ltr" translate="no" tabIndex={0} role="group" aria-label={label} sx={look}>
      {piecesOf(text).map(({ shown, control, at }) =>
        control === undefined ? (
          shown
        ) : (
          <Fragment key={at}>
            <span className="control" data-name={control} />
            {shown}
          </Fragment>
        ),
      )}
    </Box>
  )
}

export interface Piece {
  /** Text; behind the end of a segment a new line. */
  readonly shown: string
  /** Name of a control character. */
  readonly control?: string
  /** Place in the text. */
  readonly at: number
}

/** Of ASCII, by their codes. */
const NAMES =
  'NUL SOH STX ETX EOT ENQ ACK BEL BS HT LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US'.split(
    ' ',
  )
const SEGMENT_ENDS = new Set(['\r\n', '\r', '\n'])

/** Splits a text at its control characters. */
export function piecesOf(text: string): readonly Piece[] {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return [...text.matchAll(/\r\n|[\u0000-\u001f\u007f]|[^\u0000-\u001f\u007f]+/g)].map(
    ({ 0: piece, index: at }) => {
      const isControl = piece.charCodeAt(0) < 0x20 || piece === '\u007f'
      if (!isControl) return { shown: piece, at }
      const control = Array.from(piece, (character) => NAMES[character.charCodeAt(0)] ?? 'DEL').join(' ')
      return { shown: SEGMENT_ENDS.has(piece) ? '\n' : '', control, at }
    },
  )
}

const look = {
  m: 0,
  p: 3,
  maxHeight: '70vh',
  overflow: 'auto',
  fontSize: 13,
  lineHeight: '20px',
  whiteSpace: 'pre-wrap',
  bgcolor: 'background.paper',
  border: 'var(--mg-line) solid var(--mg-palette-divider)',
  borderRadius: 1,
  '& .control::after': {
    content: 'attr(data-name)',
    px: 0.5,
    fontSize: 9,
    verticalAlign: 'text-top',
    color: 'text.secondary',
    border: '1px solid',
    borderColor: 'divider',
    borderRadius: '2px',
  },
  '& .control': { ms: 0.5, lineHeight: 1 },
} as const
