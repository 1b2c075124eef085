import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Typography from '@mui/material/Typography'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { useMay } from '../../api/may.ts'
import { Page } from '../../ui/page.tsx'
import { ProblemCard } from '../../ui/problem-card.tsx'
import { rowButton } from '../../ui/row-button.ts'
import { WideSheet } from '../../ui/wide-sheet.tsx'
import { elementOf, ItemCells, useWords } from './item-cells.tsx'
import { useDecide, useTakeBack, useWorklist } from './worklist.data.ts'
import type { Decision, Item } from './worklist.data.ts'

/** Where a feed and a person disagree: somebody has to say what is right. */
export function WorklistPage() {
  const { t } = useTranslation()
  const decide = useDecide()
  return (
    <Page
      title={t('nav.worklist')}
      query={useWorklist()}
      actions={
        <Button component={Link} to="/worklist/decided" variant="outlined">
          {t('decided.open')}
        </Button>
      }
      under={<Decided decide={decide} />}
      isEmpty={({ items }) => items.length === 0}
      empty={t('worklist.none')}
    >
      {({ items, isCut }) => (
        <>
          <Typography sx={{ mb: 2, color: 'text.secondary' }}>
            {t(isCut ? 'worklist.cut' : 'worklist.count', { n: items.length })}
          </Typography>
          <Items items={items} decide={decide} />
        </>
      )}
    </Page>
  )
}

type Decide = ReturnType<typeof useDecide>

/** What became of the latest decision; it stays when the list is empty. */
function Decided({ decide }: { readonly decide: Decide }) {
  const { t } = useTranslation()
  const back = useTakeBack()
  if (decide.isError) return <ProblemCard error={decide.error} />
  if (!decide.isSuccess) return undefined
  const { decision, item } = decide.variables
  const isBack = back.isSuccess && back.variables === decide.variables
  return (
    <>
      {back.isError ? <ProblemCard error={back.error} /> : undefined}
      <Box sx={{ display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: 3 }}>
        <Typography role="status">
          {t(isBack ? 'worklist.done.back' : `worklist.done.${decision}`, { element: elementOf(item) })}
        </Typography>
        {isBack ? undefined : (
          <Button variant="outlined" disabled={back.isPending} onClick={() => back.mutate(decide.variables)}>
            {t('worklist.back')}
          </Button>
        )}
      </Box>
    </>
  )
}

function Items({ items, decide }: { readonly items: readonly Item[]; readonly decide: Decide }) {
  const { t } = useTranslation()
  const isDecider = useMay('worklist.resolve')
  const words = useWords(items)
  return (
    <WideSheet
      label={t('nav.worklist')}
      heads={[
        t('worklist.time'),
        t('message.numbers'),
        t('worklist.element'),
        t('worklist.current'),
        t('worklist.incoming'),
        t('message.feed'),
        isDecider && t('worklist.decision'),
      ]}
    >
      <tbody>
        {items.map((item) => (
          <tr key={item.id} className="row">
            <ItemCells item={item} words={words} at={item.time} />
            {isDecider ? (
              <td>
                <Choice
                  item={item}
                  isWaiting={decide.isPending}
                  decide={(decision) => decide.mutate({ item, decision })}
                />
              </td>
            ) : undefined}
          </tr>
        ))}
      </tbody>
    </WideSheet>
  )
}

interface ChoiceProps {
  readonly item: Item
  readonly isWaiting: boolean
  readonly decide: (decision: Decision['decision']) => void
}

function Choice({ item, isWaiting, decide }: ChoiceProps) {
  const { t } = useTranslation()
  const choices = item.kind === 'element' ? (['keep', 'take'] as const) : (['keep'] as const)
  return choices.map((choice) => (
    <Button
      key={choice}
      sx={{ ...rowButton, whiteSpace: 'nowrap' }}
      disabled={isWaiting}
      aria-label={`${t(`worklist.${choice}`)}: ${elementOf(item)}`}
      onClick={() => decide(choice)}
    >
      {t(`worklist.${choice}`)}
    </Button>
  ))
}
