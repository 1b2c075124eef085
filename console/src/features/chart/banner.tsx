import Box from '@mui/material/Box'
import Typography from '@mui/material/Typography'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

import { useAges } from '../../ui/ages.ts'
import { clinicalDate } from '../../ui/dates.ts'
import { useNow } from '../../ui/now.ts'
import { SourceLink } from '../../ui/source-link.tsx'
import type { Person } from './chart.data.ts'

/** Who the page is about: stays in sight while the page is scrolled. */
export function Banner({ person }: { readonly person: Person }) {
  const { t, i18n } = useTranslation()
  const { age } = useAges()
  const now = useNow(60_000)
  const { name, birthDate, gender, deceased, numbers } = person
  const resource = `Patient/${person.id}`
  const [number] = numbers
  return (
    <Box role="region" aria-label={t('chart.banner')} sx={{ ...banner, ...(deceased ? dead : {}) }}>
      <Typography component="p" sx={{ fontSize: 20, lineHeight: '28px', fontWeight: 600 }}>
        {name === undefined ? (
          t('patient.nameless')
        ) : (
          <SourceLink resource={resource} element={name.element}>
            <bdi>{name.text}</bdi>
          </SourceLink>
        )}
      </Typography>
      {deceased ? <strong>{t('patient.deceased')}</strong> : undefined}
      <Fact label={t('patient.born')}>
        {birthDate === undefined ? (
          '–'
        ) : (
          <SourceLink resource={resource} element="Patient.birthDate">
            <bdi>{clinicalDate(birthDate, i18n.language)}</bdi> ({age(birthDate, now)})
          </SourceLink>
        )}
      </Fact>
      <Fact label={t('patient.sex')}>
        <SourceLink resource={resource} element="Patient.gender">
          {t(`sex.${gender}`)}
        </SourceLink>
      </Fact>
      {number ? (
        <Fact label={number.label === '' ? t('patient.number') : number.label}>
          <SourceLink {...number}>
            <bdi dir="ltr">{number.text}</bdi>
          </SourceLink>
        </Fact>
      ) : undefined}
    </Box>
  )
}

function Fact({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <Box component="span" sx={{ whiteSpace: 'nowrap' }}>
      <Box component="span" sx={{ color: 'text.secondary', marginInlineEnd: 1.5, fontSize: 12 }}>
        {label}
      </Box>
      {children}
    </Box>
  )
}

const banner = {
  position: 'sticky',
  top: 'var(--mg-head)',
  zIndex: 4,
  minHeight: 56,
  px: 4,
  py: 2,
  display: 'flex',
  alignItems: 'center',
  flexWrap: 'wrap',
  columnGap: 6,
  bgcolor: 'background.paper',
  borderBottom: 'var(--mg-line) solid var(--mg-palette-divider)',
} as const

const dead = { bgcolor: 'text.primary', color: 'background.paper', '& span': { color: 'inherit' } } as const
