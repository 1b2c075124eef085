import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Tab from '@mui/material/Tab'
import Tabs from '@mui/material/Tabs'
import Typography from '@mui/material/Typography'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useParams, useSearchParams } from 'react-router'

import { useMay } from '../../api/may.ts'
import { preciseInstant } from '../../ui/dates.ts'
import { FactList } from '../../ui/fact-list.tsx'
import type { Fact } from '../../ui/fact-list.tsx'
import { FieldPanels } from '../../ui/field-panels.tsx'
import { Page } from '../../ui/page.tsx'
import { StateChip } from '../../ui/state-chip.tsx'
import { MendForm } from './mend-form.tsx'
import { RawText, Course } from './message-texts.tsx'
import { useMadeValues, useMessage } from './messages.data.ts'
import type { Message } from './messages.data.ts'
import { ReplayDialog } from './replay-dialog.tsx'

const TABS = ['fields', 'text', 'course', 'mend'] as const

export function MessagePage() {
  const { t } = useTranslation()
  const { messageId = '' } = useParams()
  const query = useMessage(messageId)
  const [isReplaying, setReplaying] = useState(false)
  const mayReplay = useMay('messages.replay')
  const { type = '', event = '', controlId = '' } = query.data ?? {}
  return (
    <Page
      title={
        type === '' ? t(query.data ? 'message.unreadable' : 'message.title') : `${type}^${event} ${controlId}`
      }
      query={query}
      actions={
        mayReplay ? (
          <Button variant="outlined" onClick={() => setReplaying(true)}>
            {t('replay.open')}
          </Button>
        ) : undefined
      }
      within={{ to: '/messages', text: t('nav.messages') }}
    >
      {(message) => (
        <>
          <Facts message={message} />
          <MessageTabs message={message} mayMend={mayReplay} />
          <ReplayDialog messageId={messageId} open={isReplaying} close={() => setReplaying(false)} />
        </>
      )}
    </Page>
  )
}

interface TabsProps {
  readonly message: Message
  readonly mayMend: boolean
}

function MessageTabs({ message, mayMend }: TabsProps) {
  const { t } = useTranslation()
  const [params, setParams] = useSearchParams()
  const made = useMadeValues(message)
  const tabs = TABS.filter((name) => name !== 'mend' || mayMend)
  const tab =
    tabs.find((known) => known === params.get('tab')) ??
    (message.tree.segments.length === 0 ? 'text' : 'fields')
  const open = (next: string) => {
    params.set('tab', next)
    setParams(params, { replace: true, preventScrollReset: true })
  }
  return (
    <>
      <Tabs
        value={tab}
        onChange={(_event, next: string) => open(next)}
        aria-label={t('message.views')}
        variant="scrollable"
        scrollButtons={false}
        sx={{ mb: 3, borderBottom: 'var(--mg-line) solid var(--mg-palette-divider)' }}
      >
        {tabs.map((name) => (
          <Tab
            key={name}
            value={name}
            id={`tab-${name}`}
            aria-controls="tab-panel"
            label={t(`message.tab.${name}`)}
          />
        ))}
      </Tabs>
      <div role="tabpanel" id="tab-panel" aria-labelledby={`tab-${tab}`}>
        {tab === 'fields' && message.isCut ? (
          <Typography sx={{ mb: 2 }}>{t('message.cut')}</Typography>
        ) : undefined}
        {tab === 'fields' ? (
          <FieldPanels
            key={message.id}
            made={made}
            tree={message.tree}
            findings={message.findings}
            at={params.get('at') ?? undefined}
            mark={message.errors[0]?.at}
          />
        ) : undefined}
        {tab === 'text' ? <RawText message={message} /> : undefined}
        {tab === 'course' ? <Course message={message} /> : undefined}
        {tab === 'mend' ? <MendForm key={message.id} message={message} /> : undefined}
      </div>
    </>
  )
}

function Facts({ message }: { readonly message: Message }) {
  const { t, i18n } = useTranslation()
  const state = (
    <>
      <StateChip state={message.state} /> <Reason text={message.reason ?? ''} />
    </>
  )
  const facts: readonly Fact[] = [
    [t('message.state'), state],
    [t('message.of'), message.of && <Link to={`/messages/${message.of}`}>{t('message.first')}</Link>],
    [t('message.received'), preciseInstant(message.received, i18n.language)],
    [t('message.numbers'), message.numbers.length > 0 && <Numbers of={message.numbers} />],
    [t('message.feed'), message.feed],
    [t('message.sender'), message.sender],
    [t('message.version'), message.version],
    [t('message.ackCode'), ackCode(message)],
  ]
  return <FactList facts={facts} />
}

/** Each leads to all messages that name the person. */
function Numbers({ of: numbers }: { readonly of: readonly string[] }) {
  return numbers.map((number) => (
    <Box key={number} component="span" sx={{ marginInlineEnd: 2 }}>
      <Link to={`/messages?${new URLSearchParams({ number })}`}>
        <bdi dir="ltr">{number}</bdi>
      </Link>
    </Box>
  ))
}

/** Of the hub, in English; the id of another message (`waits behind message …`) leads to it. */
function Reason({ text }: { readonly text: string }) {
  const [before = '', id, after = ''] = text.split(/\b([0-9a-f]{18})\b/)
  return (
    <bdi lang="en">
      {before}
      {id === undefined ? undefined : <Link to={`/messages/${id}`}>{id}</Link>}
      {after}
    </bdi>
  )
}

function ackCode({ ack }: Message): string {
  return /(?:^|[\r\n])MSA.(\w\w)/.exec(ack)?.[1] ?? ''
}
