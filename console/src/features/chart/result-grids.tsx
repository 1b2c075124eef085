import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Typography from '@mui/material/Typography'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'

import { clinicalDay, hourMinute } from '../../ui/dates.ts'
import { isFigure, MarkedValue } from '../../ui/result-value.tsx'
import { WideSheet } from '../../ui/wide-sheet.tsx'
import { worthDrawing } from './results.ts'
import type { ResultGrid, TestRow } from './results.ts'
import { useTestLabel } from './test-label.ts'
import { TrendPanel } from './trend-panel.tsx'

/** The results as grids, and the trend of the test that the address names. */
export function ResultGrids({ grids }: { readonly grids: readonly ResultGrid[] }) {
  const { t } = useTranslation()
  const [params, setParams] = useSearchParams()
  const chosen =
    grids.flatMap(({ tests }) => tests).find(({ code }) => code === params.get('trend')) ??
    worthDrawing(grids)
  return (
    <Box sx={{ display: 'grid', gap: 4 }}>
      {chosen ? <TrendPanel key={chosen.code} test={chosen} /> : undefined}
      {grids.map((grid) => (
        <Box key={grid.kind} sx={{ minWidth: 0 }}>
          <Typography variant="h3" sx={{ mb: 1 }}>
            {t(`results.${grid.kind}`)}
          </Typography>
          <WideSheet label={t(`results.${grid.kind}`)}>
            <Grid
              grid={grid}
              chosen={chosen?.code}
              choose={(code) => setParams({ trend: code }, { replace: true, preventScrollReset: true })}
            />
          </WideSheet>
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
    <>
      <thead>
        <tr>
          <th scope="col">{t('results.test')}</th>
          <th scope="col">{t('results.unit')}</th>
          <th scope="col">{t('results.range')}</th>
          {times.map((time) => (
            <th key={time} scope="col" className="number unit">
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
              <Cell key={time} values={test.values.filter(({ at }) => at === time)} />
            ))}
          </tr>
        ))}
      </tbody>
    </>
  )
}

/** All values of one time: a test may be measured twice. */
function Cell({ values }: { readonly values: TestRow['values'] }) {
  return (
    <td className={values.every(isFigure) ? 'number' : ''}>
      {values.map((value) => (
        <Box key={value.resource} sx={isFigure(value) ? {} : prose}>
          <MarkedValue value={value} />
        </Box>
      ))}
    </td>
  )
}

/** The beginning of a long text: whoever wants all of it chooses the test. */
const prose = {
  width: 'max-content',
  maxWidth: 240,
  // The lines and columns that the laboratory wrote.
  whiteSpace: 'pre-wrap',
  display: '-webkit-box',
  WebkitBoxOrient: 'vertical',
  WebkitLineClamp: 3,
  overflow: 'hidden',
  '@media print': { WebkitLineClamp: 'none' },
} as const

const name = {
  minHeight: 0,
  p: 0,
  lineHeight: '18px',
  minWidth: { xs: 0, sm: 160 },
  maxWidth: { xs: 120, sm: 240 },
  fontSize: 13,
  justifyContent: 'start',
  textAlign: 'start',
  '&[aria-pressed=true]': { textDecoration: 'underline', textUnderlineOffset: '4px' },
} as const
