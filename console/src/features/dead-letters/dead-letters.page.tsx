import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Typography from '@mui/material/Typography'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'

import { useMay } from '../../api/may.ts'
import { clinicalDay, clinicalInstant, hourMinute } from '../../ui/dates.ts'
import { figure } from '../../ui/figure.ts'
import { Page } from '../../ui/page.tsx'
import { WideSheet } from '../../ui/wide-sheet.tsx'
import { useDeadLetters, useReplayJobs } from './dead-letters.data.ts'
import type { Group } from './dead-letters.data.ts'
import { GiveUpGroup } from './give-up-group.tsx'
import { ReplayGroup } from './replay-group.tsx'
import { ReplayJobs } from './replay-jobs.tsx'
import { ReplaySpan } from './replay-span.tsx'

/** What failed, by its cause: one cause is mended once, then all its messages are processed again. */
export function DeadLettersPage() {
  const { t } = useTranslation()
  return (
    <Page
      title={t('nav.deadLetters')}
      query={useDeadLetters()}
      actions={<SpanAction />}
      under={<ReplayJobs />}
      isEmpty={({ groups }) => groups.length === 0}
      empty={t('dead.none')}
    >
      {({ groups, isCut }) => (
        <>
          {isCut ? <Typography sx={{ mb: 2 }}>{t('dead.cut')}</Typography> : undefined}
          <Groups groups={groups} />
        </>
      )}
    </Page>
  )
}

/** Opened by `?replay=<feed>`, too: the page of a feed leads here. */
function SpanAction() {
  const { t } = useTranslation()
  const [params, setParams] = useSearchParams()
  const mayReplay = useMay('messages.replay')
  const feed = params.get('replay')
  if (!mayReplay) return undefined
  return (
    <>
      <Button variant="outlined" onClick={() => setParams({ replay: 'default' })}>
        {t('span.open')}
      </Button>
      {feed === null ? undefined : <ReplaySpan feed={feed} close={() => setParams({}, { replace: true })} />}
    </>
  )
}

function Groups({ groups }: { readonly groups: readonly Group[] }) {
  const { t } = useTranslation()
  const mayReplay = useMay('messages.replay')
  const { data: jobs = [] } = useReplayJobs()
  // A cause that is replayed already is not started once more: each of its messages would be processed twice.
  const running = new Set(jobs.filter(({ state }) => state === 'running').map(({ request }) => request.cause))
  return (
    <>
      <WideSheet
        label={t('nav.deadLetters')}
        heads={[
          { figures: t('feeds.count') },
          t('dead.cause'),
          t('finding.at'),
          t('message.type'),
          t('message.feed'),
          t('dead.span'),
          t('dead.next'),
        ]}
      >
        <tbody>
          {groups.map((group) => (
            <tr key={group.key} className="row">
              <GroupCells group={group} />
              <td className="unit">
                <Link
                  to={`/messages/${group.example}?tab=${mayReplay ? 'mend' : 'course'}`}
                  style={{ fontWeight: 600, display: 'inline-block', lineHeight: '28px' }}
                >
                  {t(mayReplay ? 'dead.mend' : 'dead.example')}
                </Link>
                {mayReplay ? (
                  <Box sx={{ display: 'flex', flexDirection: 'column', alignItems: 'start' }}>
                    <ReplayGroup group={group} disabled={running.has(group.key)} />
                    <GiveUpGroup group={group} disabled={running.has(group.key)} />
                  </Box>
                ) : undefined}
              </td>
            </tr>
          ))}
        </tbody>
      </WideSheet>
    </>
  )
}

function GroupCells({
  group: { count, text, code, at, type, feed, oldest, newest, key },
}: {
  readonly group: Group
}) {
  const { i18n } = useTranslation()
  const until = endOf(oldest, newest, i18n.language)
  return (
    <>
      <td className="number">
        <strong>{figure(count, i18n.language)}</strong>
      </td>
      <td className="text code">
        <Link data-row to={`/messages?${new URLSearchParams({ state: 'dead', cause: key })}`}>
          <bdi lang="en">{text}</bdi>
        </Link>
        <span className="soft">
          {' · '}
          <bdi dir="ltr">{code}</bdi>
        </span>
      </td>
      <td className="code">
        <bdi dir="ltr">{at ?? '–'}</bdi>
      </td>
      <td>
        <bdi dir="ltr">{type}</bdi>
      </td>
      <td className="code">
        <bdi>{feed}</bdi>
      </td>
      <td className="soft">
        <bdi className="unit">{clinicalInstant(oldest, i18n.language)}</bdi>
        {until === undefined ? undefined : (
          <>
            {' – '}
            <bdi className="unit">{until}</bdi>
          </>
        )}
      </td>
    </>
  )
}

/** The end of a span without what its beginning says already; `undefined` when it says everything. */
function endOf(oldest: string, newest: string, language: string): string | undefined {
  const [from, to] = [clinicalInstant(oldest, language), clinicalInstant(newest, language)]
  if (from === to) return undefined
  return clinicalDay(oldest, language) === clinicalDay(newest, language) ? hourMinute(newest, language) : to
}
