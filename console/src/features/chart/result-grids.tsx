import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Typography from '@mui/material/Typography'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'

import { clinicalDay, hourMinute } from '../../ui/dates.ts'
import { FlagMark } from '../../ui/flag-mark.tsx'
import { Sheet } from '../../ui/sheet.tsx'
import { Value } from './result-value.tsx'
import type { ResultGrid, TestRow } from './results.ts'
import { useTestLabel } from './test-label.ts'
import { TrendPanel } from './trend-panel.tsx'

/** The results as grids, and the trend of the test that the address names. */
export function ResultGrids({ grids }: { readonly grids: readonly ResultGrid[] }) {
  const { t } = useTranslation()
  const [params, setParams] = useSearchParams()
  const tests = grids.flatMap((grid) => grid.tests)
  const chosen =
    tests.find(({ code }) => code === params.get('trend')) ?? tests.find(({ values }) => values.length > 1)
  return (
    <Box sx={{ display: 'grid', gap: 4 }}>
      {chosen ? <TrendPanel key={chosen.code} test={chosen} /> : undefined}
      {grids.map((grid) => (
        <Box
          key={grid.kind}
          sx={{ overflowX: 'auto' }}
          tabIndex={0}
          role="group"
          aria-label={t(`results.${grid.kind}`)}
        >
          <Typography variant="h3" sx={{ mb: 1 }}>
            {t(`results.${grid.kind}`)}
          </Typography>
          <Grid
            grid={grid}
            chosen={chosen?.code}
            choose={(code) => setParams({ trend: code }, { replace: true })}
          />
        </Box>
      ))}
    </Box>
  )
}

interface GridProps {
  readonly grid: ResultGrid
  readonly chosen: string | undefined
  readonly choose: (code: string) => void
}

function Grid({ grid: { times, tests }, chosen, choose }: GridProps) {
  const { t, i18n } = useTranslation()
  const labelOf = useTestLabel()
  return (
    <Sheet sx={{ width: 'auto', '& .number': { minWidth: 96 } }}>
      <thead>
        <tr>
          <th scope="col">{t('results.test')}</th>
          <th scope="col">{t('results.unit')}</th>
          <th scope="col">{t('results.range')}</th>
          {times.map((time) => (
            <th key={time} scope="col" className="number">
              {clinicalDay(time, i18n.language)}
              <br />
              {hourMinute(time, i18n.language)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {tests.map((test) => (
          <tr key={test.code} className="row">
            <th scope="row" aria-label={labelOf(test)}>
              <Button
                sx={name}
                aria-pressed={test.code === chosen}
                title={t('results.trend')}
                onClick={() => choose(test.code)}
              >
                <bdi>{labelOf(test)}</bdi>
              </Button>
            </th>
            <td className="soft unit">
              <bdi>{test.unit}</bdi>
            </td>
            <td className="soft unit">
              <bdi dir="ltr">{test.range}</bdi>
            </td>
            {times.map((time) => (
              <td key={time} className="number">
                <Cell test={test} time={time} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </Sheet>
  )
}

function Cell({ test, time }: { readonly test: TestRow; readonly time: number }) {
  const value = test.values.find(({ at }) => at === time)
  if (value === undefined) return undefined
  return (
    <>
      <Value value={value} /> {value.flag ? <FlagMark flag={value.flag} /> : undefined}
    </>
  )
}

const name = {
  minHeight: 0,
  minWidth: 0,
  p: 0,
  lineHeight: '18px',
  whiteSpace: 'nowrap',
  fontSize: 13,
  justifyContent: 'start',
  textAlign: 'start',
  '&[aria-pressed=true]': { textDecoration: 'underline', textUnderlineOffset: '4px' },
} as const
