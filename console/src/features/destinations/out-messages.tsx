import Button from '@mui/material/Button'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { useMay } from '../../api/may.ts'
import { preciseInstant } from '../../ui/dates.ts'
import { MayLink } from '../../ui/may-link.tsx'
import { Body } from '../../ui/page.tsx'
import { Pager } from '../../ui/pager.tsx'
import { ProblemCard } from '../../ui/problem-card.tsx'
import { rowButton } from '../../ui/row-button.ts'
import { shortReference } from '../../ui/short-reference.ts'
import { WideSheet } from '../../ui/wide-sheet.tsx'
import { STEPS, useMove, useOutMessages } from './destinations.data.ts'
import type { OutFilters, OutRow } from './destinations.data.ts'
import { OutStateChip } from './out-state.tsx'

interface OutMessagesProps {
  readonly filters: OutFilters
  /** Opens the page behind this place. */
  readonly goOn: (cursor: string) => void
}

/** The messages to a destination, the newest first, with what can be done about each. */
export function OutMessages({ filters, goOn }: OutMessagesProps) {
  const { t } = useTranslation()
  return (
    <Body
      query={useOutMessages(filters)}
      isEmpty={({ messages, next }) => messages.length === 0 && next === undefined}
      empty={t(filters.state === undefined ? 'out.none' : 'messages.noMatch')}
    >
      {({ messages, next }) => (
        <>
          <OutTable messages={messages} />
          <Pager cursor={filters.cursor} next={next} goOn={goOn} />
        </>
      )}
    </Body>
  )
}

function OutTable({ messages }: { readonly messages: readonly OutRow[] }) {
  const { t } = useTranslation()
  const move = useMove()
  const mayMove = useMay('messages.replay')
  return (
    <>
      {move.isError ? <ProblemCard error={move.error} /> : undefined}
      <WideSheet
        label={t('nav.messages')}
        heads={[
          t('out.created'),
          t('message.type'),
          t('out.about'),
          t('message.control'),
          { figures: t('out.attempts') },
          t('message.state'),
          mayMove && t('dead.next'),
        ]}
      >
        <tbody>
          {messages.map((message) => (
            <tr key={message.id} className="row">
              <Cells message={message} />
              {mayMove ? (
                <td className="unit">
                  {stepsInRow(message.state).map((step) => (
                    <Button
                      key={step}
                      sx={rowButton}
                      disabled={move.isPending}
                      aria-label={`${t(`out.do.${step}`)} ${message.controlId}`}
                      title={t(`out.do.${step}.note`)}
                      onClick={() => move.mutate({ id: message.id, step })}
                    >
                      {t(`out.do.${step}`)}
                    </Button>
                  ))}
                </td>
              ) : undefined}
            </tr>
          ))}
        </tbody>
      </WideSheet>
    </>
  )
}

/** What went through is sent once more from its own page only: the destination would have it twice. */
function stepsInRow(state: OutRow['state']) {
  return state === 'sent' || state === 'answered' ? [] : STEPS[state]
}

function Cells({ message }: { readonly message: OutRow }) {
  const { i18n } = useTranslation()
  const { id, destination, definition, reference, controlId, created, attempts, state, code, reason } =
    message
  return (
    <>
      <td className="unit">
        <bdi>{preciseInstant(created, i18n.language)}</bdi>
      </td>
      <td className="unit">
        <Link
          data-row
          dir="ltr"
          to={`/destinations/${encodeURIComponent(destination)}/${encodeURIComponent(id)}`}
          style={{ fontWeight: 600 }}
        >
          {definition}
        </Link>
      </td>
      <td className="unit">
        <About reference={reference} />
      </td>
      <td className="unit">
        <bdi dir="ltr">{controlId}</bdi>
      </td>
      <td className="number">{attempts}</td>
      <td className="text">
        <OutStateChip state={state} />{' '}
        <bdi lang="en" className="soft">
          {reason ?? code}
        </bdi>
      </td>
    </>
  )
}

/** The type and the end of the id, by which rows are told apart; a patient leads to the chart. */
function About({ reference }: { readonly reference: string }) {
  const [type, id] = reference.split('/')
  const text = (
    <bdi dir="ltr" title={reference} translate="no">
      {shortReference(reference)}
    </bdi>
  )
  if (type !== 'Patient') return text
  return (
    <MayLink need="chart.read" to={`/patients/${id}`}>
      {text}
    </MayLink>
  )
}
