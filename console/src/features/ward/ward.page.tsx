import type { WardBoard } from '@hub/care/facility/wards.contract.ts'
import Box from '@mui/material/Box'
import MenuItem from '@mui/material/MenuItem'
import TextField from '@mui/material/TextField'
import Typography from '@mui/material/Typography'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { Navigate, useLocation, useNavigate, useParams } from 'react-router'

import { Page } from '../../ui/page.tsx'
import { BedTile } from './bed-tile.tsx'
import { rememberWard, useUsualWard, useWardBoard, useWards } from './ward.data.ts'

export function WardPage() {
  const { t } = useTranslation()
  const { wardId } = useParams()
  const wards = useWards()
  const usual = useUsualWard(wards.data)
  if (wardId !== undefined) return <Board wardId={wardId} />
  if (usual !== undefined) return <Navigate to={`/ward/${usual}`} state={BY_ITSELF} replace />
  return (
    <Page title={t('nav.ward')} query={wards} isEmpty={(list) => list.length === 0} empty={t('ward.none')}>
      {() => undefined}
    </Page>
  )
}

/** The hub chose the ward: nobody looked for it. */
const BY_ITSELF = 'by-itself'

function Board({ wardId }: { readonly wardId: string }) {
  const { t } = useTranslation()
  const board = useWardBoard(wardId)
  const isMeant = useLocation().state !== BY_ITSELF
  const isThere = board.data !== undefined
  useEffect(() => {
    if (isMeant && isThere) rememberWard(wardId)
  }, [isMeant, isThere, wardId])
  return (
    <Page
      title={board.data?.name ?? t('nav.ward')}
      query={board}
      actions={<WardChoice wardId={wardId} />}
      isEmpty={({ beds }) => beds.length === 0}
      empty={t('ward.empty')}
    >
      {(content) => <Beds board={content} readAt={board.dataUpdatedAt} />}
    </Page>
  )
}

function WardChoice({ wardId }: { readonly wardId: string }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const { data = [] } = useWards()
  if (data.length < 2) return undefined
  return (
    <TextField
      select
      size="small"
      value={data.some(({ id }) => id === wardId) ? wardId : ''}
      onChange={({ target }) => void navigate(`/ward/${target.value}`)}
      slotProps={{ select: { inputProps: { 'aria-label': t('ward.choose') } } }}
      sx={{ minWidth: 200 }}
    >
      {data.map(({ id, name }) => (
        <MenuItem key={id} value={id}>
          {name}
        </MenuItem>
      ))}
    </TextField>
  )
}

interface BedsProps {
  readonly board: WardBoard
  /** When the board was read, milliseconds UTC of this browser. */
  readonly readAt: number
}

function Beds({ board: { beds }, readAt }: BedsProps) {
  const { t } = useTranslation()
  const taken = beds.filter(({ kind, occupants }) => kind === 'bed' && occupants.length > 0).length
  const all = beds.filter(({ kind }) => kind === 'bed').length
  const critical = beds
    .flatMap(({ occupants }) => occupants)
    .filter(
      ({ alarm, results, vitals }) =>
        alarm !== undefined ||
        [...results, ...Object.values(vitals)].some((value) => value.flag?.startsWith('critical')),
    ).length
  return (
    <>
      <Typography variant="body2" component="p" sx={{ color: 'text.secondary', mb: 3 }}>
        {t('ward.counts', { taken, all, critical })}
      </Typography>
      <Box component="ul" sx={grid}>
        {beds.flatMap((bed) =>
          bed.occupants.length === 0 ? (
            <BedTile key={bed.id} bed={bed} readAt={readAt} />
          ) : (
            bed.occupants.map((occupant) => (
              <BedTile key={occupant.encounter} bed={bed} occupant={occupant} readAt={readAt} />
            ))
          ),
        )}
      </Box>
      <Typography variant="caption" component="p" sx={{ color: 'text.secondary', mt: 2 }}>
        {t('alarm.secondary')}
      </Typography>
    </>
  )
}

/** One sheet with lines between the beds, not a heap of cards. */
const grid = {
  listStyle: 'none',
  m: 0,
  p: 0,
  display: 'grid',
  gridTemplateColumns: 'repeat(auto-fill, minmax(min(360px, 100%), 1fr))',
  bgcolor: 'background.paper',
  border: 'var(--mg-line) solid var(--mg-palette-divider)',
  borderRadius: 1,
  overflow: 'hidden',
  '& > li': {
    boxShadow: '0 0 0 var(--mg-line) var(--mg-palette-divider)',
    p: 3,
  },
} as const
