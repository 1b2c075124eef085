import { useTranslation } from 'react-i18next'

import { placeName, usePlaces } from '../../api/places.ts'
import { DataText } from '../../ui/data-text.tsx'
import { clinicalDate, clinicalInstant, preciseInstant } from '../../ui/dates.ts'
import { MayLink } from '../../ui/may-link.tsx'
import { Numbers } from '../../ui/numbers.tsx'
import { shortReference } from '../../ui/short-reference.ts'
import { referencesOf, sidesOf } from './worklist.data.ts'
import type { Item, Words } from './worklist.data.ts'

interface ItemCellsProps {
  readonly item: Item
  readonly words: Words
  /** Of the first cell: since when it is there, or when it was decided. */
  readonly at: string | undefined
}

/** What a conflict is about, as cells of its row: it leads to its message and its patient. */
export function ItemCells({ item, words, at }: ItemCellsProps) {
  const { reference, numbers = [], message, feed } = item
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
          {at === undefined ? t('worklist.message') : clinicalInstant(at, i18n.language)}
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

/** Times as the reader writes them; places by their names, whatever else is referred to by its type and the end of its id. */
export function useWords(items: readonly Item[]): Words {
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
export function elementOf({ reference, element }: Pick<Item, 'reference' | 'element'>): string {
  return `${reference.split('/', 1)[0] ?? ''}.${element}`
}
