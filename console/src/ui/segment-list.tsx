import Box from '@mui/material/Box'
import Typography from '@mui/material/Typography'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import type { SegmentView } from './field-tree.ts'
import { Field } from './field.tsx'
import { useFieldNames } from './hl7-fields.ts'
import type { FieldName } from './hl7-fields.ts'
import { PageTurner } from './page-turner.tsx'
import { SegmentFields } from './segment-fields.tsx'
import type { Choice } from './segment-fields.tsx'

/** So many stand on the page at once: a long message would make it taller than anybody scrolls, and slow. */
export const SEGMENTS_AT_ONCE = 50

interface SegmentListProps {
  readonly segments: readonly SegmentView[]
  readonly choice: Choice
}

/** The segments of a message; a long one in parts, with a search through all of them. What is chosen beside it brings its part. */
export function SegmentList({ segments, choice }: SegmentListProps) {
  const { t } = useTranslation()
  const nameOf = useFieldNames()
  const [shown, show] = useState(() => partOf(segments, choice.chosen))
  const { sought, start } = shown
  const found = sought === '' ? segments : segments.filter((one) => holds(one, sought, nameOf))
  const part = found.slice(start, start + SEGMENTS_AT_ONCE)
  if (shown.chosen !== choice.chosen) {
    const isHere = part.some((one) => isOf(choice.chosen, one))
    show(isHere ? { ...shown, chosen: choice.chosen } : partOf(segments, choice.chosen, shown))
  }
  const turn = (to: number) => show({ ...shown, start: to })
  const turner = <PageTurner start={start} atOnce={SEGMENTS_AT_ONCE} total={found.length} turn={turn} />
  return (
    <>
      {segments.length <= SEGMENTS_AT_ONCE ? undefined : (
        <Box sx={{ mb: 3, maxWidth: 360 }}>
          <Field
            label={t('message.find')}
            type="search"
            value={sought}
            onChange={({ target }) => show({ ...shown, sought: target.value, start: 0 })}
          />
        </Box>
      )}
      {turner}
      {found.length === 0 ? <Typography role="status">{t('message.find.none')}</Typography> : undefined}
      {part.map((segment) => (
        <SegmentFields key={segment.label} segment={segment} choice={choice} />
      ))}
      {found.length > SEGMENTS_AT_ONCE ? turner : undefined}
    </>
  )
}

interface Part {
  readonly sought: string
  /** Index of the first segment among those that are found. */
  readonly start: number
  /** The field that was chosen when this part was. */
  readonly chosen: string | undefined
}

/** The part of all segments with the chosen field; the one of before when there is none. */
export function partOf(
  segments: readonly SegmentView[],
  chosen: string | undefined,
  { sought, start }: Pick<Part, 'sought' | 'start'> = { sought: '', start: 0 },
): Part {
  const at = segments.findIndex((one) => isOf(chosen, one))
  if (at < 0) return { sought, start, chosen }
  return { sought: '', start: at - (at % SEGMENTS_AT_ONCE), chosen }
}

function isOf(chosen: string | undefined, { label }: SegmentView): boolean {
  return chosen === label || chosen?.startsWith(`${label}-`) === true
}

function holds({ label, fields }: SegmentView, sought: string, nameOf: FieldName): boolean {
  const wanted = sought.toLowerCase()
  return fields.some(({ position, text }) =>
    [label, position, text, nameOf(position)].some((one) => one.toLowerCase().includes(wanted)),
  )
}
