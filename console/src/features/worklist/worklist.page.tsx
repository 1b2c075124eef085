import Button from '@mui/material/Button'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { useMay } from '../../api/may.ts'
import { DataText } from '../../ui/data-text.tsx'
import { clinicalInstant } from '../../ui/dates.ts'
import { Heads } from '../../ui/heads.tsx'
import { Page } from '../../ui/page.tsx'
import { ProblemCard } from '../../ui/problem-card.tsx'
import { WideSheet } from '../../ui/wide-sheet.tsx'
import { plain, useDecide, useWorklist } from './worklist.data.ts'
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

function Cells({
  item: { time, reference, element, current, incoming, message, feed },
}: {
  readonly item: Item
}) {
  const { i18n } = useTranslation()
  const [type, id] = reference.split('/')
  const name = <bdi dir="ltr">{`${type}.${element}`}</bdi>
  return (
    <>
      <td>
        <Link to={`/messages/${message}`}>{clinicalInstant(time, i18n.language)}</Link>
      </td>
      <td>{type === 'Patient' ? <Link to={`/patients/${id}`}>{name}</Link> : name}</td>
      <td>
        <DataText text={plain(current)} />
      </td>
      <td>
        <DataText text={plain(incoming)} />
      </td>
      <td className="soft">
        <DataText text={feed} />
      </td>
    </>
  )
}

interface ChoiceProps {
  readonly item: Item
  readonly decide: (decision: 'keep' | 'take') => void
}

function Choice({ item, decide }: ChoiceProps) {
  const { t } = useTranslation()
  return (
    <>
      <Button onClick={() => decide('keep')}>{t('worklist.keep')}</Button>
      {item.kind === 'element' ? (
        <Button onClick={() => decide('take')}>{t('worklist.take')}</Button>
      ) : undefined}
    </>
  )
}
