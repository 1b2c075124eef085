import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Typography from '@mui/material/Typography'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { elementValue } from './element-value.ts'
import { block, blockHead } from './field-rows.tsx'
import type { FieldTree, Finding, ResourceView } from './field-tree.ts'
import { foundAt } from './hl7-fields.ts'
import { PageTurner } from './page-turner.tsx'
import { ProblemCard } from './problem-card.tsx'
import { rowButton } from './row-button.ts'
import { line, soft } from './segment-fields.tsx'
import type { Choice } from './segment-fields.tsx'
import { SegmentList } from './segment-list.tsx'

interface FieldPanelsProps {
  readonly tree: FieldTree
  /** Reads what stands in the elements, where the tree does not say it. */
  readonly made?: MadeValues
  /** What the hub found in the message; stands over the resources. */
  readonly findings?: readonly Finding[]
  /** Source position to open with, as far down as it is: `PID-5[1].1`. */
  readonly at?: string | undefined
  /** Position that is marked at first, but not scrolled to: whoever opens the page reads its title first. */
  readonly mark?: string | undefined
}

export interface MadeValues {
  readonly ask: (reference: string) => void
  /** `undefined` when nobody asked; both parts are, while the answer is awaited. */
  readonly of: (reference: string) => { readonly resource: unknown; readonly error: unknown } | undefined
}

const NONE: readonly Finding[] = []

/** The segments beside the resources that they became: choosing one side marks the other. */
export function FieldPanels({ tree, made, findings = NONE, at, mark }: FieldPanelsProps) {
  const { t } = useTranslation()
  const positions = new Set(tree.segments.flatMap(({ fields }) => fields.map(({ position }) => position)))
  const first = at ?? mark
  const [chosen, setChosen] = useState(() => (first === undefined ? undefined : foundAt(first, positions)))
  const [isFollowed, setFollowed] = useState(at !== undefined)
  const [lit, light] = useState<string | undefined>()
  const choose = (position: string) => {
    setChosen(position)
    setFollowed(true)
  }
  const choice = { chosen, isFollowed, choose, lit, light }
  return (
    <Box sx={panels}>
      <Box component="section" aria-label={t('message.segments')}>
        <SegmentList segments={tree.segments} choice={choice} />
      </Box>
      <Box component="section" aria-label={t('message.resources')} tabIndex={0} sx={beside}>
        {findings.length === 0 ? undefined : (
          <Found findings={findings} positions={positions} choice={choice} />
        )}
        {tree.resources.length === 0 ? <Typography>{t('message.noResources')}</Typography> : undefined}
        <Resources resources={tree.resources} made={made} choice={choice} />
      </Box>
    </Box>
  )
}

interface FoundProps {
  readonly findings: readonly Finding[]
  readonly positions: ReadonlySet<string>
  readonly choice: Choice
}

/** Each finding leads to its field, as far as the message has it. */
function Found({ findings, positions, choice }: FoundProps) {
  const { t } = useTranslation()
  return (
    <Box sx={block}>
      <Typography variant="h3" component="h2" sx={blockHead}>
        {t('course.findings')}
      </Typography>
      {findings.map(({ kind, at = '', text }) => {
        const field = foundAt(at, positions)
        return (
          <ToField key={`${kind} ${at} ${text}`} field={field} source={at} choice={choice}>
            <Box component="strong" sx={{ color: kind === 'error' ? 'flag.highText' : 'text.secondary' }}>
              {t(`finding.${kind}`)}
            </Box>{' '}
            <bdi lang="en">{text}</bdi>
          </ToField>
        )
      })}
    </Box>
  )
}

/** So many stand beside the segments at once, for the same reason as these. */
const RESOURCES_AT_ONCE = 50

interface ResourcesProps {
  readonly resources: readonly ResourceView[]
  readonly made: MadeValues | undefined
  readonly choice: Choice
}

function Resources({ resources, made, choice }: ResourcesProps) {
  const [start, turn] = useState(0)
  return (
    <>
      <PageTurner start={start} atOnce={RESOURCES_AT_ONCE} total={resources.length} turn={turn} />
      {resources.slice(start, start + RESOURCES_AT_ONCE).map((resource) => (
        <Resource key={resource.reference} resource={resource} made={made} choice={choice} />
      ))}
    </>
  )
}

interface ResourceProps {
  readonly resource: ResourceView
  readonly made: MadeValues | undefined
  readonly choice: Choice
}

function Resource({ resource, made, choice }: ResourceProps) {
  const { t } = useTranslation()
  const { reference, action, elements } = resource
  const asked = made?.of(reference)
  const read = asked?.resource
  return (
    <Box sx={block}>
      <Typography variant="h3" component="h2" sx={{ ...blockHead, ...withAction }}>
        <span>
          <Reference to={reference} />{' '}
          <Box component="span" sx={soft}>
            {t(`action.${action}`)}
          </Box>
        </span>
        {made !== undefined && asked === undefined && elements.length > 0 ? (
          <Button sx={{ ...rowButton, flex: 'none' }} onClick={() => made.ask(reference)}>
            {t('message.showValues')}
          </Button>
        ) : undefined}
      </Typography>
      {asked?.error === undefined ? undefined : <ProblemCard error={asked.error} />}
      {elements.map(({ element, source, field, rule, value }) => (
        <ToField
          key={element}
          field={field}
          source={source}
          title={t('message.rule', { rule })}
          choice={choice}
        >
          <bdi dir="ltr">{element}</bdi>
          <ElementText
            text={value ?? (read === undefined ? undefined : (elementValue(read, element) ?? '–'))}
          />
        </ToField>
      ))}
    </Box>
  )
}

function ElementText({ text }: { readonly text: string | undefined }) {
  if (text === undefined) return undefined
  return (
    <Box component="bdi" dir="auto" sx={{ display: 'block', width: 'fit-content', fontWeight: 600 }}>
      {text}
    </Box>
  )
}

interface ToFieldProps {
  /** `undefined` where the message does not have it. */
  readonly field: string | undefined
  readonly source: string
  readonly title?: string
  readonly choice: Choice
  readonly children: ReactNode
}

/** A line that marks its field while one points at it, and leads to it. */
function ToField({ field, source, title, choice: { chosen, choose, light }, children }: ToFieldProps) {
  return (
    <Box
      component="button"
      type="button"
      aria-pressed={field !== undefined && field === chosen}
      disabled={field === undefined}
      title={title}
      onClick={() => field !== undefined && choose(field)}
      onMouseEnter={() => light(field)}
      onMouseLeave={() => light(undefined)}
      onFocus={() => light(field)}
      onBlur={() => light(undefined)}
      sx={toField}
    >
      <span>{children}</span>
      <Box component="bdi" dir="ltr" sx={soft}>
        {source}
      </Box>
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

const withAction = {
  display: 'flex',
  alignItems: 'center',
  justifyContent: 'space-between',
  gap: 2,
  '& > span': { minWidth: 0, overflowWrap: 'anywhere' },
} as const

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

const toField = { ...line, gridTemplateColumns: 'minmax(0, 1fr) 112px' } as const
