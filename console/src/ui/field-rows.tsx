import Box from '@mui/material/Box'
import Typography from '@mui/material/Typography'

import { useFieldNames } from './hl7-fields.ts'
import { markable, marked } from './start-mark.ts'

interface FieldRowsProps {
  /** `OBX[2]`. */
  readonly label: string
  readonly fields: readonly { readonly position: string; readonly text: string }[]
  /** Position of the field to mark. */
  readonly chosen: string | undefined
}

/** One segment to read: position, name and text of each field. */
export function FieldRows({ label, fields, chosen }: FieldRowsProps) {
  const nameOf = useFieldNames()
  return (
    <Box sx={block}>
      <Typography variant="h3" component="h2" sx={blockHead}>
        <bdi dir="ltr">{label}</bdi>
      </Typography>
      {fields.map(({ position, text }) => (
        <Box
          key={position}
          data-position={position}
          aria-current={position === chosen ? 'true' : undefined}
          sx={fieldLine}
        >
          <bdi dir="ltr">{position}</bdi>
          <Box component="span" lang="en" dir="ltr" translate="no" sx={{ color: 'text.secondary' }}>
            {nameOf(position)}
          </Box>
          <bdi dir="auto">{text}</bdi>
        </Box>
      ))}
    </Box>
  )
}

export const block = {
  mb: 3,
  bgcolor: 'background.paper',
  border: 'var(--mg-line) solid var(--mg-palette-divider)',
  borderRadius: 1,
  overflow: 'hidden',
} as const

export const blockHead = {
  // The lines below begin behind their mark.
  paddingInline: '15px 12px',
  py: 1.5,
  borderBottom: 'var(--mg-line) solid var(--mg-palette-divider)',
} as const

/** Position, name, text. */
export const fieldLine = {
  display: 'grid',
  gridTemplateColumns: { xs: '80px minmax(0, 1fr)', sm: '88px 180px minmax(0, 1fr)' },
  // Where there is no room beside it, the text stands under the name.
  '& > span + bdi': { gridColumn: { xs: 2, sm: 'auto' } },
  gap: 2,
  px: 3,
  py: 1,
  fontSize: 13,
  lineHeight: '18px',
  // What reads from left to right stands at the start of its column on an Arabic page, too.
  '& > *': { justifySelf: 'start' },
  ...markable,
  '&[aria-pressed=true], &[aria-current=true]': marked,
} as const
