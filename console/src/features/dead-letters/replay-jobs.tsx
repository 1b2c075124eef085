import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import { useTranslation } from 'react-i18next'

import { useMay } from '../../api/may.ts'
import { atLeast } from '../../ui/at-least.ts'
import { clinicalInstant } from '../../ui/dates.ts'
import { figure } from '../../ui/figure.ts'
import { rowButton } from '../../ui/row-button.ts'
import { percentOf, useCancelJob, useReplayJobs } from './dead-letters.data.ts'
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
  const { id, state, started, expected, request } = job
  const percent = percentOf(job)
  const [done, changed, unchanged, failed] = [job.done, job.changed, job.unchanged, job.failed].map((n) =>
    figure(n, i18n.language),
  )
  const of = expected ? atLeast({ count: expected.count, isMore: expected.isCut }, i18n.language) : '?'
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
          ? t('job.discard.counts', { done: figure(job.done - job.failed, i18n.language), failed })
          : t('job.counts', { done, of, changed, unchanged, failed })}
      </span>
      {job.isHeld === true ? <strong>{t('job.held')}</strong> : undefined}
      {state === 'running' && mayReplay ? (
        <Button sx={rowButton} disabled={cancel.isPending} onClick={() => cancel.mutate(id)}>
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
  columnGap: 4,
  rowGap: 1,
  px: 3,
  py: 1,
  minHeight: 36,
  fontSize: 13,
  '& progress': { accentColor: 'var(--mg-palette-primary-main)' },
  bgcolor: 'background.paper',
  border: 'var(--mg-line) solid var(--mg-palette-divider)',
  borderRadius: 1,
} as const
