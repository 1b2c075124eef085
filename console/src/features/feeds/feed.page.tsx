import { MessageState } from '@hub/hl7/hl7.contract.ts'
import Box from '@mui/material/Box'
import Typography from '@mui/material/Typography'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'

import { useMay } from '../../api/may.ts'
import { useAges } from '../../ui/ages.ts'
import { atLeast } from '../../ui/at-least.ts'
import { CountedTable } from '../../ui/counted-table.tsx'
import { clinicalInstant, preciseInstant } from '../../ui/dates.ts'
import { FactList, ltr } from '../../ui/fact-list.tsx'
import type { Fact } from '../../ui/fact-list.tsx'
import { figure } from '../../ui/figure.ts'
import { useNow } from '../../ui/now.ts'
import { Page } from '../../ui/page.tsx'
import { ProblemCard } from '../../ui/problem-card.tsx'
import { Section } from '../../ui/section.tsx'
import { Sheet } from '../../ui/sheet.tsx'
import { StateChip } from '../../ui/state-chip.tsx'
import { FeedState, ModeButtons } from './feed-mode.tsx'
import { useFeeds, useSetMode, useStatistics, useUnmapped } from './feeds.data.ts'
import type { FeedRow } from './feeds.data.ts'

/** One interface: what became of its messages, what its wire saw, and what no rule read. */
export function FeedPage() {
  const { t } = useTranslation()
  const { name = '' } = useParams()
  const feeds = useFeeds()
  const feed = feeds.data?.find((one) => one.name === name)
  const setMode = useSetMode()
  const mayManage = useMay('feeds.manage')
  return (
    <Page
      title={name}
      query={feeds}
      within={{ to: '/feeds', text: t('nav.feeds') }}
      actions={
        feed && mayManage ? (
          <ModeButtons feed={feed} setMode={(change) => setMode.mutate(change)} />
        ) : undefined
      }
      isEmpty={() => feed === undefined}
      empty={t('feeds.unknown')}
    >
      {() => (
        <>
          {setMode.isError ? <ProblemCard error={setMode.error} /> : undefined}
          {feed ? <Content feed={feed} /> : undefined}
        </>
      )}
    </Page>
  )
}

function Content({ feed }: { readonly feed: FeedRow }) {
  const { t } = useTranslation()
  const mayReplay = useMay('messages.replay')
  const mayManage = useMay('feeds.manage')
  return (
    <Box sx={{ display: 'grid', gap: 6, maxWidth: 1080 }}>
      <Box
        sx={{
          display: 'flex',
          flexWrap: 'wrap',
          gap: 4,
          alignItems: 'center',
          '& a': { color: 'primary.main' },
        }}
      >
        <FeedState feed={feed} />
        <Link to={`/messages?${new URLSearchParams({ feed: feed.name })}`}>{t('feeds.show')}</Link>
        <Link to={`/messages?${new URLSearchParams({ feed: feed.name, state: 'dead' })}`}>
          {t('feeds.showFailed')}
        </Link>
        {mayReplay ? (
          <Link to={`/dead-letters?${new URLSearchParams({ replay: feed.name })}`}>{t('span.open')}</Link>
        ) : undefined}
        {mayManage ? (
          <Link to={`/feeds/${encodeURIComponent(feed.name)}/learn`}>{t('learn.open')}</Link>
        ) : undefined}
      </Box>
      <Facts feed={feed} />
      <Box sx={sideBySide}>
        <Section title={t('feeds.messages')}>
          <Since />
          <Counts feed={feed} />
        </Section>
        {Object.keys(feed.wire).length === 0 ? undefined : (
          <Section title={t('feeds.wire')}>
            <Wire wire={feed.wire} />
          </Section>
        )}
      </Box>
      <Unmapped feed={feed.name} />
    </Box>
  )
}

/** How it is set up, and how far behind it is. */
function Facts({ feed }: { readonly feed: FeedRow }) {
  const { t, i18n } = useTranslation()
  const { ago } = useAges()
  const now = useNow(5000)
  const { port, folder, isTls, ackAt, onFailure, perMinute, perHour, waiting, lastReceived } = feed
  const lag = waiting.oldest === undefined ? '' : ` · ${ago(Date.parse(waiting.oldest), now)}`
  const facts: readonly Fact[] = [
    [t('feeds.from'), ltr(folder ?? (port === undefined ? '–' : `${isTls ? 'TLS ' : ''}${port}`))],
    [t('feeds.ackAt'), t(`feeds.ack.${ackAt}`)],
    [t('feeds.onFailure'), t(`feeds.onFailure.${onFailure}`)],
    [t('feeds.perMinute'), figure(perMinute, i18n.language)],
    [t('feeds.perHour'), figure(perHour, i18n.language)],
    [t('feeds.waiting'), `${atLeast(waiting, i18n.language)}${lag}`],
    [t('feeds.last'), lastReceived === undefined ? '–' : preciseInstant(lastReceived, i18n.language)],
  ]
  return <FactList facts={facts} />
}

/** The counts begin again with each start of the hub. */
function Since() {
  const { t, i18n } = useTranslation()
  const { data } = useStatistics()
  if (data === undefined) return undefined
  return (
    <Typography sx={{ mb: 2, color: 'text.secondary' }}>
      {t('feeds.since')} <bdi>{clinicalInstant(data.since, i18n.language)}</bdi>
    </Typography>
  )
}

/** In these a message stays, so that the list has what was counted; in the others it is on its way. */
const FINAL: ReadonlySet<string> = new Set(['committed', 'duplicate', 'rejected', 'dead', 'discarded'])

function Counts({ feed: { name, messages } }: { readonly feed: FeedRow }) {
  const { t, i18n } = useTranslation()
  return (
    <Sheet sx={figures}>
      <tbody>
        {STATES.map((state) => (
          <tr key={state}>
            <th scope="row" aria-label={t(`state.${state}`)}>
              <StateChip state={state} />
            </th>
            <td className="number">
              {messages[state] > 0 && FINAL.has(state) ? (
                <Link to={`/messages?${new URLSearchParams({ feed: name, state })}`}>
                  {figure(messages[state], i18n.language)}
                </Link>
              ) : (
                figure(messages[state], i18n.language)
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </Sheet>
  )
}

/** What the listener counts, as far as it has a word of its own. */
const WIRE = [
  'connections',
  'accepted',
  'dropped',
  'frames',
  'skippedBytes',
  'restarts',
  'tooLarge',
  'partialTimeouts',
] as const

function Wire({ wire }: Pick<FeedRow, 'wire'>) {
  const { t, i18n } = useTranslation()
  return (
    <Sheet sx={figures}>
      <tbody>
        {WIRE.map((what) =>
          wire[what] === undefined ? undefined : (
            <tr key={what}>
              <th scope="row" aria-label={t(`wire.${what}`)}>
                {t(`wire.${what}`)}
              </th>
              <td className="number">{figure(wire[what] ?? 0, i18n.language)}</td>
            </tr>
          ),
        )}
      </tbody>
    </Sheet>
  )
}

const STATES = MessageState.options

const sideBySide = {
  display: 'grid',
  gridTemplateColumns: 'repeat(auto-fit, minmax(min(320px, 100%), 1fr))',
  alignItems: 'start',
  gap: 6,
} as const
const figures = { '& tbody th': { fontWeight: 400 } } as const

function Unmapped({ feed }: { readonly feed: string }) {
  const { t } = useTranslation()
  return (
    <Section
      title={t('feeds.unmapped')}
      query={useUnmapped(feed)}
      isEmpty={(items) => items.length === 0}
      empty={t('feeds.noUnmapped')}
    >
      {(items) => (
        <CountedTable
          heads={[t('finding.at'), t('finding.text')]}
          rows={items.map(({ at, text, count }) => ({ cells: [{ text: at }, { text, lang: 'en' }], count }))}
        />
      )}
    </Section>
  )
}
