import Box from '@mui/material/Box'
import Typography from '@mui/material/Typography'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'

import { useAges } from '../../ui/ages.ts'
import { clinicalDate } from '../../ui/dates.ts'
import { MayLink } from '../../ui/may-link.tsx'
import { useNow } from '../../ui/now.ts'
import { Page } from '../../ui/page.tsx'
import { SourceLink } from '../../ui/source-link.tsx'
import { WideSheet } from '../../ui/wide-sheet.tsx'
import { usePatients } from './patients.data.ts'
import type { PatientRow } from './patients.data.ts'

export function PatientsPage() {
  const { t } = useTranslation()
  const [params] = useSearchParams()
  const text = params.get('q') ?? ''
  return (
    <Page
      title={text === '' ? t('nav.patients') : t('patients.found', { text })}
      query={usePatients(text)}
      isEmpty={({ rows }) => rows.length === 0}
      empty={t(text === '' ? 'patients.none' : 'patients.noMatch')}
    >
      {({ rows, isMore }) => (
        <>
          <PatientTable rows={rows} />
          {isMore ? (
            <Typography sx={{ mt: 3, color: 'text.secondary' }}>
              {t('patients.cut', { n: rows.length })}
            </Typography>
          ) : undefined}
        </>
      )}
    </Page>
  )
}

function PatientTable({ rows }: { readonly rows: readonly PatientRow[] }) {
  const { t } = useTranslation()
  return (
    <WideSheet
      label={t('nav.patients')}
      heads={[t('patient.name'), t('patient.born'), t('patient.age'), t('patient.sex'), t('patient.numbers')]}
    >
      <tbody>
        {rows.map((row) => (
          <PatientCells key={row.id} row={row} />
        ))}
      </tbody>
    </WideSheet>
  )
}

function PatientCells({ row }: { readonly row: PatientRow }) {
  const { t, i18n } = useTranslation()
  const { age } = useAges()
  const now = useNow(60_000)
  const { id, name, birthDate, gender, numbers, isMerged } = row
  const resource = `Patient/${id}`
  return (
    <tr className="row">
      <th scope="row" aria-label={name}>
        <MayLink need="chart.read" isRow to={`/patients/${id}`}>
          <bdi>{name === '' ? t('patient.nameless') : name}</bdi>
        </MayLink>
        {isMerged ? (
          <Box component="span" sx={{ display: 'block', fontWeight: 400, color: 'text.secondary' }}>
            {t('patient.merged')}
          </Box>
        ) : undefined}
      </th>
      <td className="unit">
        {birthDate === undefined ? (
          '–'
        ) : (
          <SourceLink resource={resource} element="Patient.birthDate">
            <bdi>{clinicalDate(birthDate, i18n.language)}</bdi>
          </SourceLink>
        )}
      </td>
      <td className="unit">{birthDate === undefined ? '–' : age(birthDate, now)}</td>
      <td>
        <SourceLink resource={resource} element="Patient.gender">
          {t(`gender.${gender}`)}
        </SourceLink>
      </td>
      <td className="soft">
        {numbers.map(({ text, element }) => (
          <Box key={element} component="span" sx={{ marginInlineEnd: 3 }}>
            <SourceLink resource={resource} element={element}>
              <bdi dir="ltr">{text}</bdi>
            </SourceLink>
          </Box>
        ))}
      </td>
    </tr>
  )
}
