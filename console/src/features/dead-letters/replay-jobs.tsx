import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import { useTranslation } from 'react-i18next'

import { useMay } from '../../api/may.ts'
import { clinicalInstant } from '../../ui/dates.ts'
import { rowButton } from '../../ui/row-button.ts'
import { useCancelJob, useReplayJobs } from './dead-letters.data.ts'
import type { Job } from './dead-letters.data.ts'

const SHOWN = 3

/** The latest replays of many messages, with how far they are. */
export function ReplayJobs() {
  const { data = [] } = useReplayJobs()
  if (data.length === 0) return undefined
  return (
    <Box component="ul" sx={{ listStyle: 'none', m: 0, p: 0, display: 'grid', gap: 1 }}>
      {data.slice(0, SHOWN).map((job) => (
        <JobLine key={job.id} job={job} />
      ))}
    </Box>
  )
}

function JobLine({ job }: { readonly job: Job }) {
  const { t, i18n } = useTranslation()
  const cancel = useCancelJob()
  const mayReplay = useMay('messages.replay')
  const { id, state, started, progress, done, changed, unchanged, failed, request } = job
  const percent = Math.round(progress * 100)
  const isGivingUp = request.discard !== undefined
  return (
    <Box component="li" sx={line}>
      <span>
        {t(isGivingUp ? `job.discard.${state}` : `job.${state}`)} <bdi>{request.feed}</bdi>
      </span>
      <Box component="span" sx={{ color: 'text.secondary' }}>
        <bdi>{clinicalInstant(started, i18n.language)}</bdi>
      </Box>
      <progress max={100} value={percent} aria-label={t('job.progress', { percent })} />
      <span>
        {isGivingUp
          ? t('job.discard.counts', { done: done - failed, failed })
          : t('job.counts', { done, changed, unchanged, failed })}
      </span>
      {state === 'running' && mayReplay ? (
        <Button sx={rowButton} onClick={() => cancel.mutate(id)}>
          {t('job.cancel')}
        </Button>
      ) : undefined}
    </Box>
  )
}

const line = {
  display: 'flex',
  flexWrap: 'wrap',
  alignItems: 'center',
  gap: 4,
  px: 3,
  minHeight: 36,
  fontSize: 13,
  '& progress': { accentColor: 'var(--mg-palette-primary-main)' },
  bgcolor: 'background.paper',
  border: 'var(--mg-line) solid var(--mg-palette-divider)',
  borderRadius: 1,
} as const
