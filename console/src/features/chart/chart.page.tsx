import Box from '@mui/material/Box'
import Typography from '@mui/material/Typography'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'

import { Page } from '../../ui/page.tsx'
import { Section } from '../../ui/section.tsx'
import { Banner } from './banner.tsx'
import { OBSERVATIONS, usePerson, useResults, useStays } from './chart.data.ts'
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
            {content.mergedInto === undefined ? undefined : (
              <Box role="note" sx={merged}>
                {t('chart.merged')}{' '}
                <Link to={`/patients/${content.mergedInto}`}>{t('chart.mergedInto')}</Link>
              </Box>
            )}
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
