import Box from '@mui/material/Box'
import Typography from '@mui/material/Typography'
import { useTranslation } from 'react-i18next'
import { useParams } from 'react-router'

import { useMay } from '../../api/may.ts'
import { useNamed } from '../../api/named.ts'
import type { NamedOnes } from '../../api/named.ts'
import { preciseInstant } from '../../ui/dates.ts'
import { FactList } from '../../ui/fact-list.tsx'
import type { Fact } from '../../ui/fact-list.tsx'
import { figure } from '../../ui/figure.ts'
import { MayLink } from '../../ui/may-link.tsx'
import { Empty, Page } from '../../ui/page.tsx'
import { Section } from '../../ui/section.tsx'
import { shortReference } from '../../ui/short-reference.ts'
import { Done, MergeState, partsOf, Side } from './merge-parts.tsx'
import { byType, useMerge, useUndo } from './merges.data.ts'
import type { Detail } from './merges.data.ts'
import { Undone, UndoMerge } from './undo-merge.tsx'

/** One merge or move: what it changed, by which message, and the way back. */
export function MergePage() {
  const { t } = useTranslation()
  const { mergeId = '' } = useParams()
  const query = useMerge(mergeId)
  const named = useNamed(query.data ? partsOf(query.data) : [])
  const undo = useUndo()
  const mayUndo = useMay('worklist.resolve')
  const { data } = query
  return (
    <Page
      title={data ? titleOf(data, named) : t('merge.title')}
      heading={t(data ? `merge.kind.${data.kind}` : 'merge.title')}
      query={query}
      within={{ to: '/merges', text: t('nav.merges') }}
      actions={
        data?.state === 'done' && mayUndo ? <UndoMerge merge={data} named={named} undo={undo} /> : undefined
      }
    >
      {(merge) => (
        <Box sx={{ display: 'grid', gridTemplateColumns: 'minmax(0, 1fr)', gap: 6 }}>
          <div>
            <Undone undo={undo} />
            <Facts merge={merge} named={named} />
          </div>
          {merge.left.length > 0 ? (
            <Section title={t('merge.left.title')}>
              <Typography sx={{ mb: 2 }}>{t('merge.left.explain')}</Typography>
              <References of={merge.left} />
            </Section>
          ) : undefined}
          <Section title={t('merge.changed.title')}>
            <Changed merge={merge} />
          </Section>
        </Box>
      )}
    </Page>
  )
}

/** `99 → 4711`. */
function titleOf({ from, to }: Detail, named: NamedOnes): string {
  return [from, to].map((one) => named.get(one)?.number ?? shortReference(one)).join(' → ')
}

function Facts({ merge, named }: { readonly merge: Detail; readonly named: NamedOnes }) {
  const { t, i18n } = useTranslation()
  const { kind, from, to, time, moved, message, feed, state } = merge
  const link = (
    <MayLink need="messages.read" to={`/messages/${encodeURIComponent(message)}`}>
      {t('merge.message.open')}
    </MayLink>
  )
  const mayRead = useMay('messages.read')
  const facts: readonly Fact[] = [
    [t('message.state'), <MergeState key="state" state={state} />],
    [t('merge.from'), <Side key="from" reference={from} named={named} />],
    [t('merge.to'), <Side key="to" reference={to} named={named} />],
    [t('merge.what'), kind === 'move' && <Done key="what" merge={merge} named={named} />],
    [t('merge.changed'), figure(moved, i18n.language)],
    [t('merge.time'), preciseInstant(time, i18n.language)],
    [t('message.feed'), feed],
    [t('merge.message'), mayRead && link],
  ]
  return <FactList facts={facts} />
}

function Changed({ merge: { changed, moved, state } }: { readonly merge: Detail }) {
  const { t } = useTranslation()
  if (changed.length === 0)
    return <Empty>{t(state === 'pending' ? 'merge.changed.soon' : 'merge.changed.none')}</Empty>
  return (
    <>
      {changed.length < moved ? (
        <Typography sx={{ mb: 2 }}>{t('merge.changed.cut', { shown: changed.length, n: moved })}</Typography>
      ) : undefined}
      <References of={changed} />
    </>
  )
}

/** By type; each leads to where its values came from. */
function References({ of }: { readonly of: readonly string[] }) {
  const { i18n } = useTranslation()
  return (
    <Box component="dl" sx={list}>
      {byType(of).map(([type, references]) => (
        <div key={type}>
          <dt>
            <bdi dir="ltr" translate="no">
              {type}
            </bdi>{' '}
            <span className="soft">{figure(references.length, i18n.language)}</span>
          </dt>
          <dd>
            {references.map((reference) => (
              <MayLink key={reference} need="trace.read" to={`/source/${reference}`}>
                <bdi dir="ltr" title={reference} translate="no">
                  {shortReference(reference).split(' ')[1]}
                </bdi>
              </MayLink>
            ))}
          </dd>
        </div>
      ))}
    </Box>
  )
}

const list = {
  m: 0,
  display: 'grid',
  gap: 2,
  fontSize: 13,
  lineHeight: '24px',
  '& > div': { display: 'grid', gridTemplateColumns: { xs: 'minmax(0, 1fr)', sm: '180px minmax(0, 1fr)' } },
  '& dt': { fontWeight: 600 },
  '& .soft': { color: 'text.secondary', fontWeight: 400 },
  '& dd': { m: 0, display: 'flex', flexWrap: 'wrap', columnGap: 4 },
  '& a': { color: 'primary.main', textUnderlineOffset: '2px' },
} as const
