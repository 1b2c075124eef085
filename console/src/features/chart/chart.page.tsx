import Box from '@mui/material/Box'
import Typography from '@mui/material/Typography'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'

import { useMay } from '../../api/may.ts'
import { Page } from '../../ui/page.tsx'
import { Section } from '../../ui/section.tsx'
import { Banner } from './banner.tsx'
import { OBSERVATIONS, usePerson, useResults, useStays } from './chart.data.ts'
import type { Person } from './chart.data.ts'
import { Demographics } from './demographics.tsx'
import { ResultGrids } from './result-grids.tsx'
import { StayTable } from './stay-table.tsx'

export function ChartPage() {
  const { t } = useTranslation()
  const { patientId = '' } = useParams()
  const person = usePerson(patientId)
  return (
    <>
      {person.data ? <Banner person={person.data} /> : undefined}
      <Page
        title={person.data?.name?.text ?? t('chart.title')}
        heading={t('chart.title')}
        query={person}
        within={{ to: '/patients', text: t('nav.patients') }}
      >
        {(content) => (
          <Box sx={layout}>
            <Merged person={content} />
            <Box sx={{ display: 'grid', gap: 4, minWidth: 0 }}>
              <Section title={t('chart.demographics')}>
                <Demographics person={content} />
              </Section>
              <Stays patientId={patientId} />
            </Box>
            <ResultsOf patientId={patientId} />
          </Box>
        )}
      </Page>
    </>
  )
}

/** The record that goes on; and how it came to that, for those who can take it back. */
function Merged({ person: { mergedInto, numbers } }: { readonly person: Person }) {
  const { t } = useTranslation()
  const maySee = useMay('worklist.read')
  const [number] = numbers
  if (mergedInto === undefined) return undefined
  return (
    <Box role="note" sx={merged}>
      {t('chart.merged')} <Link to={`/patients/${mergedInto}`}>{t('chart.mergedInto')}</Link>
      {maySee && number ? (
        <>
          {' · '}
          <Link to={`/merges?${new URLSearchParams({ number: number.text })}`}>{t('chart.merge')}</Link>
        </>
      ) : undefined}
    </Box>
  )
}

function Stays({ patientId }: { readonly patientId: string }) {
  const { t } = useTranslation()
  return (
    <Section
      title={t('chart.stays')}
      query={useStays(patientId)}
      isEmpty={(stays) => stays.length === 0}
      empty={t('chart.noStays')}
    >
      {(stays) => <StayTable stays={stays} />}
    </Section>
  )
}

function ResultsOf({ patientId }: { readonly patientId: string }) {
  const { t } = useTranslation()
  return (
    <Section
      title={t('chart.results')}
      query={useResults(patientId)}
      isEmpty={({ grids }) => grids.length === 0}
      empty={t('chart.noResults')}
    >
      {({ grids, isMore }) => (
        <>
          <ResultGrids grids={grids} />
          {isMore ? (
            <Typography sx={{ mt: 3, color: 'text.secondary' }}>
              {t('results.cut', { n: OBSERVATIONS })}
            </Typography>
          ) : undefined}
        </>
      )}
    </Section>
  )
}

/** Loud: what is charted here would be missed. */
const merged = {
  gridColumn: '1 / -1',
  px: 4,
  py: 3,
  borderRadius: 1,
  fontWeight: 600,
  color: 'flag.mediumText',
  bgcolor: 'flag.mediumSoft',
  border: 'var(--mg-line) solid var(--mg-palette-flag-mediumText)',
  '& a': { color: 'inherit' },
} as const

const layout = {
  display: 'grid',
  gap: 6,
  alignItems: 'start',
  gridTemplateColumns: { xs: 'minmax(0, 1fr)', lg: '400px minmax(0, 1fr)' },
} as const
