import Button from '@mui/material/Button'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'

import { preciseInstant } from '../../ui/dates.ts'
import { figure } from '../../ui/figure.ts'
import { Numbers } from '../../ui/numbers.tsx'
import { Page } from '../../ui/page.tsx'
import { Pager } from '../../ui/pager.tsx'
import { StateChip } from '../../ui/state-chip.tsx'
import { WideSheet } from '../../ui/wide-sheet.tsx'
import { FilterBar } from './filter-bar.tsx'
import { useHeldList } from './held-list.ts'
import { filtersOf, useMessages } from './messages.data.ts'
import type { MessageRow } from './messages.data.ts'

export function MessagesPage() {
  const { t } = useTranslation()
  const [params, setParams] = useSearchParams()
  const filters = filtersOf(params)
  const isFiltered = Object.keys(filters).length > 0
  const query = useMessages(filters)
  const { list, newer, showNewer } = useHeldList(
    JSON.stringify(filters),
    query.isPlaceholderData ? undefined : query.data,
  )
  const { messages, next } = list ?? query.data ?? { messages: [] }
  const goOn = (cursor: string) => {
    params.set('cursor', cursor)
    setParams(params)
  }
  return (
    <Page
      title={t('nav.messages')}
      query={query}
      actions={
        newer > 0 && filters.cursor === undefined ? (
          <Button variant="outlined" onClick={showNewer}>
            {t('messages.arrived', { n: newer })}
          </Button>
        ) : undefined
      }
      under={
        <FilterBar
          filters={filters}
          apply={(wanted) => setParams(new URLSearchParams(Object.entries(wanted)))}
        />
      }
      isEmpty={() => messages.length === 0 && next === undefined}
      empty={t(isFiltered ? 'messages.noMatch' : 'messages.none')}
    >
      {() => (
        <>
          <MessageTable messages={messages} />
          <Pager cursor={filters.cursor} next={next} goOn={goOn} />
        </>
      )}
    </Page>
  )
}

function MessageTable({ messages }: { readonly messages: readonly MessageRow[] }) {
  const { t, i18n } = useTranslation()
  return (
    <WideSheet
      label={t('nav.messages')}
      heads={[
        t('message.received'),
        t('message.type'),
        t('message.numbers'),
        t('message.control'),
        t('message.feed'),
        t('message.sender'),
        t('message.state'),
        { figures: t('message.written') },
      ]}
    >
      <tbody>
        {messages.map((message) => (
          <tr key={message.id} className="row">
            <td className="unit">
              <bdi>{preciseInstant(message.received, i18n.language)}</bdi>
            </td>
            <td className="unit">
              <Link data-row dir="ltr" to={`/messages/${message.id}`} style={{ fontWeight: 600 }}>
                {typeOf(message) || t('message.unreadable')}
              </Link>
            </td>
            <td className="code">
              <Numbers of={message.numbers} />
            </td>
            <td className="code">
              <bdi dir="ltr">{message.controlId}</bdi>
            </td>
            <td className="code">
              <bdi>{message.feed}</bdi>
            </td>
            <td className="soft code">
              <bdi dir="ltr">{message.sender}</bdi>
            </td>
            <td className="text">
              <StateChip state={message.state} />{' '}
              <bdi lang="en" className="soft">
                {message.reason}
              </bdi>
            </td>
            <td className="number">{figure(message.written, i18n.language)}</td>
          </tr>
        ))}
      </tbody>
    </WideSheet>
  )
}

function typeOf({ type, event }: MessageRow): string {
  return event === '' ? type : `${type}^${event}`
}
