import Box from '@mui/material/Box'

interface RawLinesProps {
  readonly text: string
  readonly label: string
}

/** The text of a message, a segment a line; what cannot be seen is shown as its control picture. */
export function RawLines({ text, label }: RawLinesProps) {
  return (
    <Box component="pre" dir="ltr" translate="no" tabIndex={0} role="group" aria-label={label} sx={look}>
      {piecesOf(text).map(({ shown, isControl, at }) =>
        isControl ? (
          <Box key={at} component="span" className="control">
            {shown}
          </Box>
        ) : (
          shown
        ),
      )}
    </Box>
  )
}

export interface Piece {
  readonly shown: string
  readonly isControl: boolean
  /** Place in the text. */
  readonly at: number
}

/** Begins where the control pictures of Unicode begin: U+2400 is that of NUL. */
const PICTURES = 0x2400
const DELETE_PICTURE = '␡'
const SEGMENT_ENDS = new Set(['\r\n', '\r', '\n'])

/** Splits a text at its control characters; behind the end of a segment a new line begins. */
export function piecesOf(text: string): readonly Piece[] {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return [...text.matchAll(/\r\n|[\u0000-\u001f\u007f]|[^\u0000-\u001f\u007f]+/g)].map(
    ({ 0: piece, index: at }) => {
      const isControl = piece.charCodeAt(0) < 0x20 || piece === '\u007f'
      if (!isControl) return { shown: piece, isControl, at }
      const pictures = Array.from(piece, (character) =>
        character === '\u007f' ? DELETE_PICTURE : String.fromCharCode(PICTURES + character.charCodeAt(0)),
      )
      return { shown: pictures.join('') + (SEGMENT_ENDS.has(piece) ? '\n' : ''), isControl, at }
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
  '& .control': { color: 'text.secondary' },
} as const
