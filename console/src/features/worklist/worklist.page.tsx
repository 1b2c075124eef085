import Button from '@mui/material/Button'
import { useTranslation } from 'react-i18next'

import { useMay } from '../../api/may.ts'
import { DataText } from '../../ui/data-text.tsx'
import { clinicalDate, clinicalInstant } from '../../ui/dates.ts'
import { Heads } from '../../ui/heads.tsx'
import { MayLink } from '../../ui/may-link.tsx'
import { Numbers } from '../../ui/numbers.tsx'
import { Page } from '../../ui/page.tsx'
import { ProblemCard } from '../../ui/problem-card.tsx'
import { rowButton } from '../../ui/row-button.ts'
import { WideSheet } from '../../ui/wide-sheet.tsx'
import { sidesOf, useDecide, useWorklist } from './worklist.data.ts'
import type { Item } from './worklist.data.ts'

/** Where a feed and a person disagree: somebody has to say what is right. */
export function WorklistPage() {
  const { t } = useTranslation()
  const decide = useDecide()
  const isDecider = useMay('worklist.resolve')
  return (
    <Page
      title={t('nav.worklist')}
      query={useWorklist()}
      isEmpty={(items) => items.length === 0}
      empty={t('worklist.none')}
    >
      {(items) => (
        <>
          {decide.isError ? <ProblemCard error={decide.error} /> : undefined}
          <WideSheet label={t('nav.worklist')}>
            <Heads
              of={[
                t('worklist.time'),
                t('message.numbers'),
                t('worklist.element'),
                t('worklist.current'),
                t('worklist.incoming'),
                t('message.feed'),
                isDecider && t('worklist.decision'),
              ]}
            />
            <tbody>
              {items.map((item) => (
                <tr key={item.id} className="row">
                  <Cells item={item} />
                  {isDecider ? (
                    <td style={{ whiteSpace: 'nowrap' }}>
                      <Choice item={item} decide={(decision) => decide.mutate({ id: item.id, decision })} />
                    </td>
                  ) : undefined}
                </tr>
              ))}
            </tbody>
          </WideSheet>
        </>
      )}
    </Page>
  )
}

/** `Patient.birthDate`. */
function elementOf({ reference, element }: Item): string {
  return `${reference.split('/', 1)[0] ?? ''}.${element}`
}

function Cells({ item }: { readonly item: Item }) {
  const { time, reference, numbers = [], message, feed } = item
  const { t, i18n } = useTranslation()
  const [current = '', incoming = ''] = sidesOf(item).map((text) =>
    DAY.test(text) ? clinicalDate(text, i18n.language) : text,
  )
  const why = item.why && t(`worklist.why.${item.why}`)
  const [type, id] = reference.split('/')
  const name = <bdi dir="ltr">{elementOf(item)}</bdi>
  return (
    <>
      <td className="unit">
        <MayLink need="messages.read" to={`/messages/${message}`}>
          {clinicalInstant(time, i18n.language)}
        </MayLink>
      </td>
      <td>
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
      <td className="text">{item.current === undefined && why ? why : <DataText text={current} />}</td>
      <td className="text">{item.incoming === undefined && why ? why : <DataText text={incoming} />}</td>
      <td className="soft">
        <DataText text={feed} />
      </td>
    </>
  )
}

const DAY = /^\d{4}-\d{2}-\d{2}$/

interface ChoiceProps {
  readonly item: Item
  readonly decide: (decision: 'keep' | 'take') => void
}

function Choice({ item, decide }: ChoiceProps) {
  const { t } = useTranslation()
  const choices = item.kind === 'element' ? (['keep', 'take'] as const) : (['keep'] as const)
  return choices.map((choice) => (
    <Button
      key={choice}
      sx={rowButton}
      aria-label={`${t(`worklist.${choice}`)}: ${elementOf(item)}`}
      onClick={() => decide(choice)}
    >
      {t(`worklist.${choice}`)}
    </Button>
  ))
}
