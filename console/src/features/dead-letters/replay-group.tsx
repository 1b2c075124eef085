import Typography from '@mui/material/Typography'
import { useTranslation } from 'react-i18next'

import { Problem } from '../../api/problem.ts'
import { AskFirst } from '../../ui/ask-first.tsx'
import { ProblemCard } from '../../ui/problem-card.tsx'
import { rowButton } from '../../ui/row-button.ts'
import { spanOfGroup, useStartJob, useTriedOut } from './dead-letters.data.ts'
import type { Group } from './dead-letters.data.ts'

interface ReplayGroupProps {
  readonly group: Group
  readonly disabled: boolean
}

/** Processes all messages of a cause again, once it is said how many these are and what became of the newest when it was tried out. */
export function ReplayGroup({ group, disabled }: ReplayGroupProps) {
  const { t } = useTranslation()
  const start = useStartJob()
  return (
    <AskFirst
      sx={rowButton}
      disabled={disabled}
      text={t('dead.replay', { n: group.count })}
      title={t('dead.replay.title', { n: group.count })}
      answer={t('dead.replay.do', { n: group.count })}
      command={start}
      run={(close) => start.mutate(spanOfGroup(group), { onSuccess: close })}
    >
      <GroupFacts group={group} />
      <Typography>{t('dead.replay.explain')}</Typography>
      <TriedOut id={group.example} />
    </AskFirst>
  )
}

/** Which messages are meant. */
export function GroupFacts({ group: { text, type, feed } }: { readonly group: Group }) {
  return (
    <Typography>
      <bdi lang="en">{text}</bdi>
      {' · '}
      <bdi dir="ltr">{type}</bdi>
      {' · '}
      <bdi>{feed}</bdi>
    </Typography>
  )
}

/** A message that the rules refuse again is no failure of the page. */
function TriedOut({ id }: { readonly id: string }) {
  const { t } = useTranslation()
  const { data, error } = useTriedOut(id)
  if (error !== null && !isRefused(error)) return <ProblemCard error={error} />
  return (
    <Typography role="status" sx={{ fontWeight: 600 }}>
      {data === undefined && error === null ? t('dead.tried.waiting') : undefined}
      {error === null ? undefined : (
        <>
          {t('dead.tried.fails')} <bdi lang="en">{error.texts.join(' ')}</bdi>
        </>
      )}
      {data
        ? t('dead.tried.passes', { changes: data.changes.length, conflicts: data.conflicts.length })
        : undefined}
    </Typography>
  )
}

function isRefused(error: unknown): error is Problem {
  return error instanceof Problem && error.status === 422
}
