import Box from '@mui/material/Box'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { useMay } from '../../api/may.ts'
import { DataText } from '../../ui/data-text.tsx'
import { SourceLink } from '../../ui/source-link.tsx'
import type { Person, Sourced } from './chart.data.ts'

export function Demographics({ person: { numbers, contacts, addresses } }: { readonly person: Person }) {
  const { t } = useTranslation()
  return (
    <Box component="dl" sx={list}>
      <dt>{t('patient.numbers')}</dt>
      <Values values={numbers} />
      <MessagesLink number={numbers[0]?.text} />
      <dt>{t('patient.contact')}</dt>
      <Values values={contacts} />
      <dt>{t('patient.address')}</dt>
      <Values values={addresses} />
    </Box>
  )
}

/** For those who look after the interfaces: what came about this person, recorded or not. */
function MessagesLink({ number }: { readonly number: string | undefined }) {
  const { t } = useTranslation()
  const mayRead = useMay('messages.read')
  if (number === undefined || !mayRead) return undefined
  return (
    <dd>
      <Link to={`/messages?${new URLSearchParams({ number })}`}>{t('chart.messages', { number })}</Link>
    </dd>
  )
}

type Shown = Sourced & { readonly label?: string; readonly isOld?: boolean }

function Values({ values }: { readonly values: readonly Shown[] }) {
  const { t } = useTranslation()
  if (values.length === 0) return <dd>{t('patient.notRecorded')}</dd>
  return values.map(({ text, resource, element, label, isOld }) => (
    <dd key={element}>
      <SourceLink resource={resource} element={element}>
        <DataText text={text} />
      </SourceLink>
      {label ? <span> {label}</span> : undefined}
      {isOld ? <span> · {t('patient.old')}</span> : undefined}
    </dd>
  ))
}

const list = {
  display: 'grid',
  gridTemplateColumns: '112px minmax(0, 1fr)',
  gap: 1,
  m: 0,
  p: 3,
  fontSize: 13,
  bgcolor: 'background.paper',
  border: 'var(--mg-line) solid var(--mg-palette-divider)',
  borderRadius: 1,
  '& dt': { gridColumn: 1, color: 'text.secondary' },
  '& dd': { gridColumn: 2, m: 0 },
  '& dd > a:not(.source)': { color: 'primary.main' },
  '& dd span': { color: 'text.secondary', fontSize: 12 },
} as const
