import Button from '@mui/material/Button'
import Typography from '@mui/material/Typography'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'

import { useMay } from '../../api/may.ts'
import { DataText } from '../../ui/data-text.tsx'
import { Page } from '../../ui/page.tsx'
import { Pager } from '../../ui/pager.tsx'
import { ProblemCard } from '../../ui/problem-card.tsx'
import { rowButton } from '../../ui/row-button.ts'
import { WideSheet } from '../../ui/wide-sheet.tsx'
import { elementOf, ItemCells, useWords } from './item-cells.tsx'
import { useDecided, useTakeBack } from './worklist.data.ts'
import type { DecidedItem } from './worklist.data.ts'

/** Every decision that can be taken back still, the latest first. */
export function DecidedPage() {
  const { t } = useTranslation()
  const [params, setParams] = useSearchParams()
  const cursor = params.get('cursor') ?? undefined
  const back = useTakeBack()
  return (
    <Page
      title={t('decided.title')}
      query={useDecided(cursor)}
      within={{ to: '/worklist', text: t('nav.worklist') }}
      under={<TakenBack back={back} />}
      isEmpty={({ items }) => items.length === 0}
      empty={t(cursor === undefined ? 'decided.none' : 'decided.noMore')}
    >
      {({ items, next }) => (
        <>
          <Typography sx={{ mb: 2, color: 'text.secondary' }}>{t('decided.explain')}</Typography>
          <DecidedTable items={items} back={back} />
          <Pager cursor={cursor} next={next} goOn={(place) => setParams({ cursor: place })} />
        </>
      )}
    </Page>
  )
}

/** It stays when its row is gone. */
function TakenBack({ back }: { readonly back: ReturnType<typeof useTakeBack> }) {
  const { t } = useTranslation()
  if (back.isError) return <ProblemCard error={back.error} />
  if (!back.isSuccess) return undefined
  return (
    <Typography role="status">
      {t('worklist.done.back', { element: elementOf(back.variables.item) })}
    </Typography>
  )
}

interface DecidedTableProps {
  readonly items: readonly DecidedItem[]
  readonly back: ReturnType<typeof useTakeBack>
}

function DecidedTable({ items, back }: DecidedTableProps) {
  const { t } = useTranslation()
  const isDecider = useMay('worklist.resolve')
  const words = useWords(items)
  return (
    <WideSheet
      label={t('decided.title')}
      heads={[
        t('decided.time'),
        t('message.numbers'),
        t('worklist.element'),
        t('decided.current'),
        t('worklist.incoming'),
        t('message.feed'),
        t('worklist.decision'),
        isDecider && t('dead.next'),
      ]}
    >
      <tbody>
        {items.map((item) => (
          <tr key={item.id} className="row">
            <ItemCells item={item} words={words} at={item.decided} />
            <td>
              {t(`decided.${item.decision}`)}{' '}
              <span className="soft">
                <DataText text={item.by} />
              </span>
            </td>
            {isDecider ? (
              <td>
                <Button
                  sx={{ ...rowButton, whiteSpace: 'nowrap' }}
                  disabled={back.isPending}
                  aria-label={`${t('decided.back')}: ${elementOf(item)}`}
                  onClick={() => back.mutate({ item })}
                >
                  {t('decided.back')}
                </Button>
              </td>
            ) : undefined}
          </tr>
        ))}
      </tbody>
    </WideSheet>
  )
}
