import Box from '@mui/material/Box'
import Typography from '@mui/material/Typography'
import { lazy, Suspense } from 'react'
import { useTranslation } from 'react-i18next'

import { clinicalInstant } from '../../ui/dates.ts'
import { FlagMark } from '../../ui/flag-mark.tsx'
import { Heads } from '../../ui/heads.tsx'
import { isFigure, Standing, Value } from '../../ui/result-value.tsx'
import { Sheet } from '../../ui/sheet.tsx'
import type { TestRow } from './results.ts'
import { useTestLabel } from './test-label.ts'

const TrendChart = lazy(async () => ({ default: (await import('../../ui/trend-chart.tsx')).TrendChart }))

/** A test over time: the curve, and the same values as a table for those who read rather than look. */
export function TrendPanel({ test }: { readonly test: TestRow }) {
  const { t } = useTranslation()
  const oldestFirst = test.values.toReversed()
  const lines = linesOf(oldestFirst)
  const label = useTestLabel()(test)
  const title = test.unit === undefined ? label : `${label} (${test.unit})`
  return (
    <Box sx={lines.length === 0 ? { ...panel, gridTemplateColumns: 'minmax(0, 1fr)' } : panel}>
      <Box sx={{ minWidth: 0 }}>
        <Typography variant="h3">
          <bdi>{title}</bdi>
        </Typography>
        {test.range === undefined ? undefined : (
          <Typography variant="caption" component="p" sx={{ color: 'text.secondary' }}>
            {t('results.range')} <bdi dir="ltr">{test.range}</bdi>
          </Typography>
        )}
        {lines.length === 0 ? undefined : (
          <Suspense fallback={<Box sx={{ height: 200 }} />}>
            <TrendChart
              timesMs={oldestFirst.map(({ at }) => at)}
              lines={lines}
              worst={oldestFirst.map(({ flag }) => flag?.startsWith('critical') === true)}
              usual={limitsOf(test.range)}
              label={t('trend.label', { test: title })}
            />
          </Suspense>
        )}
      </Box>
      <ValueTable test={test} title={title} />
    </Box>
  )
}

interface ValueTableProps {
  readonly test: TestRow
  readonly title: string
}

function ValueTable({ test, title }: ValueTableProps) {
  const { t, i18n } = useTranslation()
  return (
    <Box
      sx={{ maxHeight: 232, overflowY: 'auto' }}
      tabIndex={0}
      role="group"
      aria-label={t('trend.table', { test: title })}
    >
      <Sheet>
        <Heads
          of={[
            t('trend.time'),
            test.values.every(isFigure) ? { figures: t('trend.value') } : t('trend.value'),
            t('trend.flag'),
          ]}
        />
        <tbody>
          {test.values.map((value) => (
            <tr key={value.resource}>
              <td className="unit">
                <bdi>{clinicalInstant(value.at, i18n.language)}</bdi>
              </td>
              <td className={isFigure(value) ? 'number' : 'lines'}>
                <Value value={value} />
              </td>
              <td className="unit">
                {value.flag ? <FlagMark flag={value.flag} /> : undefined}
                <Standing value={value} />
              </td>
            </tr>
          ))}
        </tbody>
      </Sheet>
    </Box>
  )
}

/** The limits of a range that is two plain numbers: `3.5-5.1`; of any other it draws none. */
function limitsOf(range = ''): readonly [low: number, high: number] | undefined {
  const [, low, high] = /^\s*(\d+(?:\.\d+)?)\s*[-–]\s*(\d+(?:\.\d+)?)\s*$/.exec(range) ?? []
  return low === undefined || high === undefined ? undefined : [Number(low), Number(high)]
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
  gridTemplateColumns: { xs: 'minmax(0, 1fr)', md: 'minmax(0, 1fr) 380px' },
  gap: 4,
  p: 3,
  bgcolor: 'background.paper',
  border: 'var(--mg-line) solid var(--mg-palette-divider)',
  borderRadius: 1,
} as const
