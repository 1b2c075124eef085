import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import type { SubmitEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'

import { useMay } from '../../api/may.ts'
import { useNamed } from '../../api/named.ts'
import type { NamedOnes } from '../../api/named.ts'
import { clinicalInstant } from '../../ui/dates.ts'
import { figure } from '../../ui/figure.ts'
import { inlineControl } from '../../ui/inline-control.ts'
import { Page } from '../../ui/page.tsx'
import { Pager } from '../../ui/pager.tsx'
import { WideSheet } from '../../ui/wide-sheet.tsx'
import { Done, MergeState, partsOf, Side } from './merge-parts.tsx'
import { useMerges, useUndo } from './merges.data.ts'
import type { MergeRow } from './merges.data.ts'
import { Undone, UndoMerge } from './undo-merge.tsx'

/** Which record became another one, or lost something to it, by which message; and the way back. */
export function MergesPage() {
  const { t } = useTranslation()
  const [params, setParams] = useSearchParams()
  const number = params.get('number') ?? ''
  const cursor = params.get('cursor') ?? undefined
  const undo = useUndo()
  const query = useMerges({ ...(number !== '' && { number }), ...(cursor && { cursor }) })
  const goOn = (next: string) => {
    params.set('cursor', next)
    setParams(params)
  }
  return (
    <Page
      title={t('nav.merges')}
      query={query}
      under={
        <ByNumber
          key={number}
          number={number}
          apply={(one) => setParams(one === '' ? {} : { number: one })}
        />
      }
      isEmpty={({ merges, next }) => merges.length === 0 && next === undefined && cursor === undefined}
      empty={number === '' ? t('merges.none') : t('merges.noMatch', { number })}
    >
      {({ merges, next }) => (
        <>
          <Undone undo={undo} />
          {merges.length === 0 ? (
            <p>{t(next === undefined ? 'merges.noMore' : 'merges.noneHere')}</p>
          ) : undefined}
          <MergeTable merges={merges} undo={undo} />
          <Pager cursor={cursor} next={next} goOn={goOn} />
        </>
      )}
    </Page>
  )
}

interface ByNumberProps {
  readonly number: string
  readonly apply: (number: string) => void
}

/** The number lives in the address, so that the list can be sent to a colleague. */
function ByNumber({ number, apply }: ByNumberProps) {
  const { t } = useTranslation()
  const take = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    const typed = new FormData(event.currentTarget).get('number')
    apply(typeof typed === 'string' ? typed.trim() : '')
  }
  return (
    <Box component="form" role="search" onSubmit={take} sx={bar}>
      <label>
        <span>{t('merges.number')}</span>
        <input
          name="number"
          dir="ltr"
          autoComplete="off"
          spellCheck={false}
          size={14}
          maxLength={100}
          defaultValue={number}
        />
      </label>
      <Button type="submit" variant="outlined">
        {t('filter.apply')}
      </Button>
      {number === '' ? undefined : <Button onClick={() => apply('')}>{t('filter.clear')}</Button>}
    </Box>
  )
}

const bar = {
  display: 'flex',
  flexWrap: 'wrap',
  alignItems: 'center',
  gap: 2,
  '& label': inlineControl,
} as const

interface MergeTableProps {
  readonly merges: readonly MergeRow[]
  readonly undo: ReturnType<typeof useUndo>
}

function MergeTable({ merges, undo }: MergeTableProps) {
  const { t } = useTranslation()
  const mayUndo = useMay('worklist.resolve')
  const named = useNamed(merges.flatMap(partsOf))
  if (merges.length === 0) return undefined
  return (
    <WideSheet
      label={t('nav.merges')}
      heads={[
        t('merge.time'),
        t('merge.from'),
        t('merge.to'),
        t('merge.what'),
        { figures: t('merge.changed') },
        t('message.feed'),
        t('message.state'),
        mayUndo && t('dead.next'),
      ]}
    >
      <tbody>
        {merges.map((merge) => (
          <tr key={merge.id} className="row">
            <Cells merge={merge} named={named} />
            {mayUndo ? (
              <td>
                {merge.state === 'done' ? <UndoMerge merge={merge} named={named} undo={undo} isRow /> : '–'}
              </td>
            ) : undefined}
          </tr>
        ))}
      </tbody>
    </WideSheet>
  )
}

function Cells({ merge, named }: { readonly merge: MergeRow; readonly named: NamedOnes }) {
  const { t, i18n } = useTranslation()
  const { id, from, to, time, moved, left, feed, state } = merge
  return (
    <>
      <td className="unit">
        <Link data-row to={`/merges/${encodeURIComponent(id)}`} style={{ fontWeight: 600 }}>
          {clinicalInstant(time, i18n.language)}
        </Link>
      </td>
      <td className="code">
        <Side reference={from} named={named} />
      </td>
      <td className="code">
        <Side reference={to} named={named} />
      </td>
      <td className="code">
        <Done merge={merge} named={named} />
      </td>
      <td className="number">{figure(moved, i18n.language)}</td>
      <td className="soft code">
        <bdi>{feed}</bdi>
      </td>
      <td>
        <MergeState state={state} />{' '}
        {left.length > 0 ? <span className="soft">{t('merge.left', { n: left.length })}</span> : undefined}
      </td>
    </>
  )
}
