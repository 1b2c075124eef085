import { useTranslation } from 'react-i18next'

import type { NamedOnes } from '../../api/named.ts'
import { Chip } from '../../ui/chip.tsx'
import { DataText } from '../../ui/data-text.tsx'
import { MayLink } from '../../ui/may-link.tsx'
import { shownName } from '../../ui/patient-name.ts'
import { shortReference } from '../../ui/short-reference.ts'
import type { MergeRow } from './merges.data.ts'

const LOOKS = {
  pending: { colour: 'info', mark: '○' },
  done: { colour: 'ok', mark: '●' },
  undoing: { colour: 'info', mark: '◐' },
  undone: { colour: 'stale', mark: '–' },
} as const

export function MergeState({ state }: { readonly state: MergeRow['state'] }) {
  const { t } = useTranslation()
  const { colour, mark } = LOOKS[state]
  return (
    <Chip colour={colour} mark={mark}>
      {t(`merge.state.${state}`)}
    </Chip>
  )
}

interface SideProps {
  readonly reference: string
  readonly named: NamedOnes
}

/** As `SideText`; a patient leads to the chart. */
export function Side(props: SideProps) {
  const [type, id] = props.reference.split('/')
  if (type !== 'Patient') return <SideText {...props} />
  return (
    <MayLink need="chart.read" to={`/patients/${id}`}>
      <SideText {...props} />
    </MayLink>
  )
}

/** A patient by name and number, anything else by its kind and number. */
export function SideText({ reference, named }: SideProps) {
  const { number, patient } = named.get(reference) ?? {}
  const name = shownName(patient?.name)?.text
  return (
    <>
      {name ? <DataText text={name} /> : undefined}
      {name && number ? ' · ' : undefined}
      {number || !name ? <Called reference={reference} number={number} /> : undefined}
    </>
  )
}

interface CalledProps {
  readonly reference: string
  readonly number: string | undefined
}

function Called({ reference, number }: CalledProps) {
  const [type = ''] = reference.split('/')
  const text =
    number === undefined ? shortReference(reference) : type === 'Patient' ? number : `${type} ${number}`
  return (
    <bdi dir="ltr" title={reference} translate="no">
      {text}
    </bdi>
  )
}

/** What was done: one record became another, or these things went from one to the other. */
export function Done({ merge, named }: { readonly merge: MergeRow; readonly named: NamedOnes }) {
  const { t } = useTranslation()
  const [first, ...others] = merge.scope
  if (merge.kind === 'merge' || first === undefined) return t(`merge.kind.${merge.kind}`)
  return (
    <>
      {t('merge.kind.move')} · <Called reference={first} number={named.get(first)?.number} />
      {others.length === 0 ? undefined : (
        <bdi dir="ltr" className="soft">
          {' '}
          +{others.length}
        </bdi>
      )}
    </>
  )
}

/** Everything of a merge that has a name. */
export function partsOf({ from, to, scope }: MergeRow): readonly string[] {
  return [from, to, ...scope.slice(0, 1)]
}
