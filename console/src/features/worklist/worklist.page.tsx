import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Typography from '@mui/material/Typography'
import { useTranslation } from 'react-i18next'

import { useMay } from '../../api/may.ts'
import { placeName, usePlaces } from '../../api/places.ts'
import { DataText } from '../../ui/data-text.tsx'
import { clinicalDate, clinicalInstant, preciseInstant } from '../../ui/dates.ts'
import { MayLink } from '../../ui/may-link.tsx'
import { Numbers } from '../../ui/numbers.tsx'
import { Page } from '../../ui/page.tsx'
import { ProblemCard } from '../../ui/problem-card.tsx'
import { rowButton } from '../../ui/row-button.ts'
import { shortReference } from '../../ui/short-reference.ts'
import { WideSheet } from '../../ui/wide-sheet.tsx'
import { referencesOf, sidesOf, useDecide, useTakeBack, useWorklist } from './worklist.data.ts'
import type { Decision, Item, Words } from './worklist.data.ts'

/** Where a feed and a person disagree: somebody has to say what is right. */
export function WorklistPage() {
  const { t } = useTranslation()
  const decide = useDecide()
  return (
    <Page
      title={t('nav.worklist')}
      query={useWorklist()}
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
            <Cells item={item} words={words} />
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

/** Times as the reader writes them; places by their names, whatever else is referred to by its type and the end of its id. */
function useWords(items: readonly Item[]): Words {
  const { language } = useTranslation().i18n
  const places = usePlaces(items.flatMap(referencesOf))
  return {
    time: (text) => apart(text.includes('T') ? preciseInstant(text, language) : clinicalDate(text, language)),
    reference: (text) => apart(placeName(places, text) ?? shortReference(text)),
  }
}

/** Isolated: the Arabic name of a month must not turn what stands beside it around. */
function apart(text: string): string {
  return `\u2068${text}\u2069`
}

/** `Patient.birthDate`. */
function elementOf({ reference, element }: Item): string {
  return `${reference.split('/', 1)[0] ?? ''}.${element}`
}

function Cells({ item, words }: { readonly item: Item; readonly words: Words }) {
  const { time, reference, numbers = [], message, feed } = item
  const { t, i18n } = useTranslation()
  const [current = '', incoming = ''] = sidesOf(item, words)
  const why = item.why && t(`worklist.why.${item.why}`)
  const [type, id] = reference.split('/')
  const name = (
    <bdi dir="ltr">
      {type}.<wbr />
      {item.element}
    </bdi>
  )
  return (
    <>
      <td className="unit">
        <MayLink need="messages.read" to={`/messages/${message}`}>
          {clinicalInstant(time, i18n.language)}
        </MayLink>
      </td>
      <td className="code">
        <Numbers of={numbers} />
      </td>
      <td>
        {type === 'Patient' ? (
          <MayLink need="chart.read" to={`/patients/${id}`}>
            {name}
          </MayLink>
        ) : (
          name
        )}
      </td>
      <td className="text code">{item.current === undefined && why ? why : <DataText text={current} />}</td>
      <td className="text code">{item.incoming === undefined && why ? why : <DataText text={incoming} />}</td>
      <td className="soft">
        <DataText text={feed} />
      </td>
    </>
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
