import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'

import { preciseInstant } from '../../ui/dates.ts'
import { Heads } from '../../ui/heads.tsx'
import { Page } from '../../ui/page.tsx'
import { Pager } from '../../ui/pager.tsx'
import { moveInRows } from '../../ui/rows.ts'
import { Sheet } from '../../ui/sheet.tsx'
import { StateChip } from '../../ui/state-chip.tsx'
import { FilterBar } from './filter-bar.tsx'
import { filtersOf, useMessages } from './messages.data.ts'
import type { MessageRow } from './messages.data.ts'

export function MessagesPage() {
  const { t } = useTranslation()
  const [params, setParams] = useSearchParams()
  const filters = filtersOf(params)
  const isFiltered = Object.keys(filters).length > 0
  const goOn = (cursor: string) => {
    params.set('cursor', cursor)
    setParams(params)
  }
  return (
    <Page
      title={t('nav.messages')}
      query={useMessages(filters)}
      under={
        <FilterBar filters={filters} apply={(next) => setParams(new URLSearchParams(Object.entries(next)))} />
      }
      isEmpty={({ messages, next }) => messages.length === 0 && next === undefined}
      empty={t(isFiltered ? 'messages.noMatch' : 'messages.none')}
    >
      {({ messages, next }) => (
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
    <Sheet onKeyDown={moveInRows}>
      <Heads
        of={[
          t('message.received'),
          t('message.type'),
          t('message.control'),
          t('message.feed'),
          t('message.sender'),
          t('message.state'),
          { figures: t('message.written') },
        ]}
      />
      <tbody>
        {messages.map((message) => (
          <tr key={message.id} className="row">
            <td>
              <bdi>{preciseInstant(message.received, i18n.language)}</bdi>
            </td>
            <td>
              <Link data-row dir="ltr" to={`/messages/${message.id}`} style={{ fontWeight: 600 }}>
                {typeOf(message)}
              </Link>
            </td>
            <td>
              <bdi dir="ltr">{message.controlId}</bdi>
            </td>
            <td>
              <bdi>{message.feed}</bdi>
            </td>
            <td className="soft">
              <bdi dir="ltr">{message.sender}</bdi>
            </td>
            <td>
              <StateChip state={message.state} /> <span className="soft">{message.reason}</span>
            </td>
            <td className="number">{message.written}</td>
          </tr>
        ))}
      </tbody>
    </Sheet>
  )
}

function typeOf({ type, event }: MessageRow): string {
  return event === '' ? type : `${type}^${event}`
}
