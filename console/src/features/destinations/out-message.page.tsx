import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import { useTranslation } from 'react-i18next'
import { useParams } from 'react-router'

import { useMay } from '../../api/may.ts'
import { preciseInstant } from '../../ui/dates.ts'
import { FactList } from '../../ui/fact-list.tsx'
import type { Fact } from '../../ui/fact-list.tsx'
import { Empty, Page } from '../../ui/page.tsx'
import { ProblemCard } from '../../ui/problem-card.tsx'
import { RawLines } from '../../ui/raw-lines.tsx'
import { Section } from '../../ui/section.tsx'
import { STEPS, useMove, useOutMessage } from './destinations.data.ts'
import type { OutRow } from './destinations.data.ts'
import { OutStateChip } from './out-state.tsx'

/** One message to another system: what was sent, and what it said. */
export function OutMessagePage() {
  const { t } = useTranslation()
  const { name = '', outId = '' } = useParams()
  const query = useOutMessage(outId)
  return (
    <Page
      title={query.data ? `${query.data.definition} ${query.data.controlId}` : t('message.title')}
      query={query}
      within={{ to: `/destinations/${encodeURIComponent(name)}`, text: name }}
      actions={query.data ? <Steps message={query.data} /> : undefined}
    >
      {(message) => (
        <Box sx={{ display: 'grid', gap: 6 }}>
          <Facts message={message} />
          <Section title={t('out.text')}>
            {message.text === '' ? (
              <Empty>{t('out.noText')}</Empty>
            ) : (
              <RawLines text={message.text} label={t('out.text')} />
            )}
          </Section>
          <Section title={t('out.answer')}>
            {message.answer === undefined ? (
              <Empty>{t('out.noAnswer')}</Empty>
            ) : (
              <RawLines text={message.answer} label={t('out.answer')} />
            )}
          </Section>
        </Box>
      )}
    </Page>
  )
}

function Steps({ message: { id, state } }: { readonly message: OutRow }) {
  const { t } = useTranslation()
  const move = useMove()
  const mayReplay = useMay('messages.replay')
  if (!mayReplay) return undefined
  return (
    <>
      {move.isError ? <ProblemCard error={move.error} /> : undefined}
      {STEPS[state].map((step) => (
        <Button
          key={step}
          variant="outlined"
          disabled={move.isPending}
          title={t(`out.do.${step}.note`)}
          onClick={() => move.mutate({ id, step })}
        >
          {t(`out.do.${step}`)}
        </Button>
      ))}
    </>
  )
}

function Facts({ message }: { readonly message: OutRow }) {
  const { t, i18n } = useTranslation()
  const { state, code, reason, reference, version, created, changed, attempts } = message
  const standing = (
    <>
      <OutStateChip state={state} /> <bdi lang="en">{reason}</bdi>
    </>
  )
  const facts: readonly Fact[] = [
    [t('message.state'), standing],
    [t('out.about'), `${reference} (${version})`],
    [t('out.created'), preciseInstant(created, i18n.language)],
    [t('out.changed'), preciseInstant(changed, i18n.language)],
    [t('out.attempts'), String(attempts)],
    [t('message.ackCode'), code],
  ]
  return <FactList facts={facts} />
}
