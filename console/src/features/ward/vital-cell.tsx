import type { Vital } from '@hub/care/facility/wards.contract.ts'
import Box from '@mui/material/Box'
import { Fragment } from 'react'
import { useTranslation } from 'react-i18next'

import { useAges } from '../../ui/ages.ts'
import { FlagMark } from '../../ui/flag-mark.tsx'
import { SourceLink } from '../../ui/source-link.tsx'
import { isStale } from './ward.data.ts'
import type { Cell } from './ward.data.ts'

interface VitalCellProps {
  readonly vital: Vital
  readonly cell: Cell | undefined
  readonly now: number
}

/** One vital sign: large figure, unit, and how old it is. What is old is dimmed and says so. */
export function VitalCell({ vital, cell, now }: VitalCellProps) {
  const { t } = useTranslation()
  const { ago } = useAges()
  const stale = cell !== undefined && isStale(cell, now)
  return (
    <Box data-vital={vital} data-stale={stale} sx={{ minWidth: 0 }}>
      <Box component="dt" sx={meta}>
        <abbr title={t(`vital.${vital}.name`)} style={{ textDecoration: 'none' }}>
          {t(`vital.${vital}`)}
        </abbr>
        {cell?.unit === undefined ? undefined : (
          <Box component="span" sx={{ marginInlineStart: 1, fontSize: 11 }}>
            <bdi>{cell.unit}</bdi>
          </Box>
        )}
      </Box>
      {cell === undefined ? (
        <Box component="dd" sx={{ ...figure, color: 'text.secondary' }} aria-label={t('vital.none')}>
          –
        </Box>
      ) : (
        <>
          <Box
            component="dd"
            sx={{ ...figure, ...(stale ? { color: 'text.secondary', fontWeight: 400 } : {}) }}
          >
            <bdi dir="ltr">
              <Figure cell={cell} />
            </bdi>
          </Box>
          <Box component="dd" sx={meta}>
            <Box component="span" sx={stale ? staleMark : { whiteSpace: 'nowrap' }}>
              {cell.live && !stale ? t('vital.live') : ago(cell.at, now)}
            </Box>
          </Box>
          {cell.flag ? (
            <dd style={{ margin: 0 }}>
              <FlagMark flag={cell.flag} />
            </dd>
          ) : undefined}
        </>
      )}
    </Box>
  )
}

function Figure({ cell: { parts, resource } }: { readonly cell: Cell }) {
  return parts.map(({ text, element }, index) => (
    <Fragment key={element ?? index}>
      {index > 0 ? '/' : undefined}
      {resource === undefined || element === undefined ? (
        text
      ) : (
        <SourceLink resource={resource} element={element}>
          {text}
        </SourceLink>
      )}
    </Fragment>
  ))
}

const meta = {
  m: 0,
  fontSize: 12,
  lineHeight: '16px',
  color: 'text.secondary',
  whiteSpace: 'nowrap',
} as const

const figure = {
  m: 0,
  fontSize: 28,
  lineHeight: '32px',
  fontWeight: 600,
  whiteSpace: 'nowrap',
  textAlign: 'start',
} as const

const staleMark = {
  px: 0.5,
  borderRadius: 1,
  color: 'flag.staleText',
  bgcolor: 'flag.staleSoft',
  whiteSpace: 'nowrap',
} as const
