import Box from '@mui/material/Box'
import Typography from '@mui/material/Typography'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'

import { block, blockHead, fieldLine } from './field-rows.tsx'
import type { FieldView, SegmentView } from './field-tree.ts'
import { partsOf, useFieldNames } from './hl7-fields.ts'
import { markable, marked } from './start-mark.ts'

/** The field that is chosen, and how another one is. */
export interface Choice {
  /** A field, or a segment as a whole. */
  readonly chosen: string | undefined
  /** Whether what is chosen is scrolled to. */
  readonly isFollowed: boolean
  readonly choose: (position: string) => void
  /** The field of the element that the pointer or the focus is on. */
  readonly lit: string | undefined
  readonly light: (position: string | undefined) => void
}

interface SegmentProps {
  readonly segment: SegmentView
  readonly choice: Choice
}

/** One segment, each field a button that chooses it. */
export function SegmentFields({ segment: { label, fields }, choice }: SegmentProps) {
  const { chosen, isFollowed, choose, lit } = choice
  return (
    <Box sx={block}>
      <SegmentHead
        label={label}
        isChosen={label === chosen}
        isFollowed={isFollowed && label === chosen}
        isLit={label === lit}
      />
      {fields.map((field) => (
        <Field
          key={field.position}
          field={field}
          isChosen={field.position === chosen}
          isFollowed={isFollowed && field.position === chosen}
          isLit={field.position === lit}
          choose={choose}
        />
      ))}
    </Box>
  )
}

interface Marks {
  readonly isChosen: boolean
  readonly isFollowed: boolean
  readonly isLit: boolean
}

interface SegmentHeadProps extends Marks {
  readonly label: string
}

/** Marked when all of the segment is meant. */
function SegmentHead({ label, isChosen, isFollowed, isLit }: SegmentHeadProps) {
  const head = useFollowed<HTMLHeadingElement>(isFollowed)
  return (
    <Typography
      ref={head}
      variant="h3"
      component="h2"
      aria-current={isChosen ? 'true' : undefined}
      data-lit={isLit}
      sx={segmentHead}
    >
      <bdi dir="ltr">{label}</bdi>
    </Typography>
  )
}

/** An element that is scrolled to when it is chosen. */
function useFollowed<E extends HTMLElement>(isFollowed: boolean) {
  const element = useRef<E>(null)
  useEffect(() => {
    if (isFollowed) element.current?.scrollIntoView({ block: 'nearest' })
  }, [isFollowed])
  return element
}

interface FieldProps extends Marks {
  readonly field: FieldView
  readonly choose: (position: string) => void
}

function Field({ field: { position, text, isUsed }, isChosen, isFollowed, isLit, choose }: FieldProps) {
  const { t } = useTranslation()
  const nameOf = useFieldNames()
  const row = useFollowed<HTMLButtonElement>(isFollowed)
  return (
    <>
      <Box
        ref={row}
        component="button"
        type="button"
        aria-pressed={isChosen}
        data-position={position}
        data-lit={isLit}
        title={t(isUsed ? 'message.fieldUsed' : 'message.fieldUnused')}
        onClick={() => choose(position)}
        sx={line}
      >
        <Box component="bdi" dir="ltr" sx={{ fontWeight: isUsed ? 600 : 400 }}>
          {position}
        </Box>
        <Box component="span" lang="en" dir="ltr" translate="no" sx={soft}>
          {nameOf(position)}
        </Box>
        <FieldText text={text} isWhole={isChosen} />
      </Box>
      {isChosen ? <Parts position={position} text={text} /> : undefined}
    </>
  )
}

/** Of a document in a field only the beginning, until the field is chosen. */
const FIELD_CHARACTERS = 500

function FieldText({ text, isWhole }: { readonly text: string; readonly isWhole: boolean }) {
  const { t } = useTranslation()
  if (isWhole || text.length <= FIELD_CHARACTERS)
    return (
      <Box component="bdi" dir="auto" sx={long}>
        {text}
      </Box>
    )
  return (
    <bdi dir="auto">
      {text.slice(0, FIELD_CHARACTERS)}{' '}
      <Box component="bdi" sx={soft}>
        {t('message.longer', { n: text.length - FIELD_CHARACTERS })}
      </Box>
    </bdi>
  )
}

/** The components of the chosen field, each on a line of its own. */
function Parts({ position, text }: { readonly position: string; readonly text: string }) {
  return partsOf(position, text).map((part) => (
    <Box key={part.position} sx={partLine}>
      <Box component="bdi" dir="ltr" sx={{ ...soft, paddingInlineStart: 4 }}>
        {part.position}
      </Box>
      <bdi dir="auto">{part.text}</bdi>
    </Box>
  ))
}

export const soft = { color: 'text.secondary', fontWeight: 400 } as const

export const line = {
  ...fieldLine,
  width: '100%',
  fontFamily: 'inherit',
  textAlign: 'start',
  color: 'inherit',
  bgcolor: 'transparent',
  borderBlock: 0,
  borderInlineEnd: 0,
  cursor: 'pointer',
  '&:hover': { bgcolor: 'action.hover' },
  '&:focus-visible': { outlineOffset: -2 },
  '&:disabled': { cursor: 'default' },
  '&[data-lit=true]': {
    ...marked,
    borderInlineStartColor: 'var(--mg-palette-control-line)',
  },
  // What is scrolled to shows what stands around it.
  scrollMarginBlock: 96,
} as const

const long = { maxHeight: '70vh', overflowY: 'auto', maxWidth: '100%' } as const

const segmentHead = {
  ...blockHead,
  ...markable,
  paddingInline: 3,
  scrollMarginBlock: 96,
  '&[aria-current=true]': marked,
  '&[data-lit=true]': { ...marked, borderInlineStartColor: 'var(--mg-palette-control-line)' },
} as const

const partLine = {
  ...fieldLine,
  gridTemplateColumns: { xs: '80px minmax(0, 1fr)', sm: '268px minmax(0, 1fr)' },
  py: 0.5,
} as const
