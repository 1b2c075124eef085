import Box from '@mui/material/Box'
import Typography from '@mui/material/Typography'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { block, blockHead, fieldLine } from './field-rows.tsx'
import type { FieldTree, FieldView, Finding, ResourceView, SegmentView } from './field-tree.ts'
import { fieldFoundAt, partsOf, useFieldNames } from './hl7-fields.ts'

interface FieldPanelsProps {
  readonly tree: FieldTree
  /** What the hub found in the message; stands over the resources. */
  readonly findings?: readonly Finding[]
  /** Source position to open with: `PID-5[1].1`. */
  readonly at: string | undefined
}

const NONE: readonly Finding[] = []

/** The segments beside the resources that they became: choosing one side marks the other. */
export function FieldPanels({ tree, findings = NONE, at }: FieldPanelsProps) {
  const { t } = useTranslation()
  const positions = new Set(tree.segments.flatMap(({ fields }) => fields.map(({ position }) => position)))
  const [chosen, choose] = useState(() => (at === undefined ? undefined : fieldFoundAt(at, positions)))
  const [lit, light] = useState<string | undefined>()
  const choice = { chosen, choose, lit, light }
  return (
    <Box sx={panels}>
      <Box component="section" aria-label={t('message.segments')}>
        {tree.segments.map((segment) => (
          <Segment key={segment.label} segment={segment} choice={choice} />
        ))}
      </Box>
      <Box component="section" aria-label={t('message.resources')} tabIndex={0} sx={beside}>
        {findings.length === 0 ? undefined : (
          <Found findings={findings} positions={positions} choice={choice} />
        )}
        {tree.resources.length === 0 ? <Typography>{t('message.noResources')}</Typography> : undefined}
        {tree.resources.map((resource) => (
          <Resource key={resource.reference} resource={resource} choice={choice} />
        ))}
      </Box>
    </Box>
  )
}

interface Choice {
  readonly chosen: string | undefined
  readonly choose: (position: string) => void
  /** The field of the element that the pointer or the focus is on. */
  readonly lit: string | undefined
  readonly light: (position: string | undefined) => void
}

interface SegmentProps {
  readonly segment: SegmentView
  readonly choice: Choice
}

function Segment({ segment: { label, fields }, choice: { chosen, choose, lit } }: SegmentProps) {
  return (
    <Box sx={block}>
      <Typography variant="h3" component="h2" sx={blockHead} dir="ltr">
        {label}
      </Typography>
      {fields.map((field) => (
        <Field
          key={field.position}
          field={field}
          isChosen={field.position === chosen}
          isLit={field.position === lit}
          choose={choose}
        />
      ))}
    </Box>
  )
}

interface FieldProps {
  readonly field: FieldView
  readonly isChosen: boolean
  readonly isLit: boolean
  readonly choose: (position: string) => void
}

function Field({ field: { position, text, isUsed }, isChosen, isLit, choose }: FieldProps) {
  const { t } = useTranslation()
  const nameOf = useFieldNames()
  const row = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    if (isChosen) row.current?.scrollIntoView({ block: 'center' })
  }, [isChosen])
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
        <bdi dir="auto">{text}</bdi>
      </Box>
      {isChosen ? <Parts position={position} text={text} /> : undefined}
    </>
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

interface FoundProps {
  readonly findings: readonly Finding[]
  readonly positions: ReadonlySet<string>
  readonly choice: Choice
}

/** Each finding leads to its field, as far as the message has it. */
function Found({ findings, positions, choice: { chosen, choose, light } }: FoundProps) {
  const { t } = useTranslation()
  return (
    <Box sx={block}>
      <Typography variant="h3" component="h2" sx={blockHead}>
        {t('course.findings')}
      </Typography>
      {findings.map(({ kind, at = '', text }) => {
        const field = fieldFoundAt(at, positions)
        return (
          <Box
            key={`${kind} ${at} ${text}`}
            component="button"
            type="button"
            aria-pressed={field !== undefined && field === chosen}
            disabled={field === undefined}
            onClick={() => field !== undefined && choose(field)}
            onMouseEnter={() => light(field)}
            onMouseLeave={() => light(undefined)}
            onFocus={() => light(field)}
            onBlur={() => light(undefined)}
            sx={{ ...line, gridTemplateColumns: 'minmax(0, 1fr) 112px' }}
          >
            <span>
              <Box component="strong" sx={{ color: kind === 'error' ? 'flag.highText' : 'text.secondary' }}>
                {t(`finding.${kind}`)}
              </Box>{' '}
              <bdi lang="en">{text}</bdi>
            </span>
            <Box component="bdi" dir="ltr" sx={soft}>
              {at}
            </Box>
          </Box>
        )
      })}
    </Box>
  )
}

interface ResourceProps {
  readonly resource: ResourceView
  readonly choice: Choice
}

function Resource({ resource, choice: { chosen, choose, light } }: ResourceProps) {
  const { t } = useTranslation()
  const { reference, action, elements } = resource
  return (
    <Box sx={block}>
      <Typography variant="h3" component="h2" sx={blockHead}>
        <Reference to={reference} />{' '}
        <Box component="span" sx={soft}>
          {t(`action.${action}`)}
        </Box>
      </Typography>
      {elements.map(({ element, source, field, rule, value }) => (
        <Box
          key={element}
          component="button"
          type="button"
          aria-pressed={field !== undefined && field === chosen}
          disabled={field === undefined}
          title={t('message.rule', { rule })}
          onClick={() => field !== undefined && choose(field)}
          onMouseEnter={() => light(field)}
          onMouseLeave={() => light(undefined)}
          onFocus={() => light(field)}
          onBlur={() => light(undefined)}
          sx={{ ...line, gridTemplateColumns: 'minmax(0, 1fr) 112px' }}
        >
          <span>
            <bdi dir="ltr">{element}</bdi>
            {value === undefined ? undefined : (
              <Box component="bdi" dir="auto" sx={{ display: 'block', fontWeight: 600 }}>
                {value}
              </Box>
            )}
          </span>
          <Box component="bdi" dir="ltr" sx={soft}>
            {source}
          </Box>
        </Box>
      ))}
    </Box>
  )
}

/** A patient leads to the chart. */
function Reference({ to }: { readonly to: string }) {
  const text = <bdi dir="ltr">{to}</bdi>
  const [type, id] = to.split('/')
  if (type !== 'Patient' || id === undefined) return text
  return (
    <Box component={Link} to={`/patients/${id}`} sx={{ color: 'primary.main', textUnderlineOffset: '3px' }}>
      {text}
    </Box>
  )
}

const panels = {
  display: 'grid',
  gridTemplateColumns: { xs: 'minmax(0, 1fr)', md: 'minmax(0, 3fr) minmax(0, 2fr)' },
  gap: 4,
  alignItems: 'start',
} as const

/** Stays in sight while the segments are scrolled. */
const beside = {
  position: { md: 'sticky' },
  top: 'calc(var(--mg-head) + 16px)',
  maxHeight: { md: 'calc(100vh - var(--mg-head) - 32px)' },
  overflowY: { md: 'auto' },
} as const

const soft = { color: 'text.secondary', fontWeight: 400 } as const

const line = {
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
    bgcolor: 'action.selected',
    borderInlineStartColor: 'var(--mg-palette-control-line)',
  },
} as const

const partLine = {
  ...fieldLine,
  gridTemplateColumns: { xs: '80px minmax(0, 1fr)', sm: '268px minmax(0, 1fr)' },
  py: 0.5,
} as const
