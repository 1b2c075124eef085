import Box from '@mui/material/Box'
import Typography from '@mui/material/Typography'
import { lazy, Suspense } from 'react'
import { useTranslation } from 'react-i18next'

import { clinicalInstant } from '../../ui/dates.ts'
import { FlagMark } from '../../ui/flag-mark.tsx'
import { Heads } from '../../ui/heads.tsx'
import { Sheet } from '../../ui/sheet.tsx'
import { Value } from './result-value.tsx'
import type { TestRow } from './results.ts'
import { useTestLabel } from './test-label.ts'

const TrendChart = lazy(async () => ({ default: (await import('../../ui/trend-chart.tsx')).TrendChart }))

/** A test over time: the curve, and the same values as a table for those who read rather than look. */
export function TrendPanel({ test }: { readonly test: TestRow }) {
  const { t, i18n } = useTranslation()
  const oldestFirst = test.values.toReversed()
  const lines = linesOf(oldestFirst)
  const label = useTestLabel()(test)
  const title = test.unit === undefined ? label : `${label} (${test.unit})`
  return (
    <Box sx={panel}>
      <Box sx={{ minWidth: 0 }}>
        <Typography variant="h3">
          <bdi>{title}</bdi>
        </Typography>
        {lines.length === 0 ? (
          <Typography>{t('trend.noNumbers')}</Typography>
        ) : (
          <Suspense fallback={<Box sx={{ height: 200 }} />}>
            <TrendChart
              timesMs={oldestFirst.map(({ at }) => at)}
              lines={lines}
              label={t('trend.label', { test: title })}
            />
          </Suspense>
        )}
      </Box>
      <Box
        sx={{ maxHeight: 232, overflowY: 'auto' }}
        tabIndex={0}
        role="group"
        aria-label={t('trend.table', { test: title })}
      >
        <Sheet>
          <Heads of={[t('trend.time'), { figures: t('trend.value') }, t('trend.flag')]} />
          <tbody>
            {test.values.map((value) => (
              <tr key={value.resource}>
                <td>
                  <bdi>{clinicalInstant(value.at, i18n.language)}</bdi>
                </td>
                <td className="number">
                  <Value value={value} />
                </td>
                <td>{value.flag ? <FlagMark flag={value.flag} /> : undefined}</td>
              </tr>
            ))}
          </tbody>
        </Sheet>
      </Box>
    </Box>
  )
}

/** One line for each part that has numbers: two for a blood pressure. */
function linesOf(values: TestRow['values']): readonly (readonly number[])[] {
  return [0, 1].flatMap((part) => {
    const numbers = values.map(({ parts }) => Number(parts[part]?.text ?? Number.NaN))
    return numbers.some((number) => !Number.isNaN(number)) ? [numbers] : []
  })
}

const panel = {
  display: 'grid',
  gridTemplateColumns: { xs: 'minmax(0, 1fr)', md: 'minmax(0, 1fr) 320px' },
  gap: 4,
  p: 3,
  bgcolor: 'background.paper',
  border: 'var(--mg-line) solid var(--mg-palette-divider)',
  borderRadius: 1,
} as const
