import { useTranslation } from 'react-i18next'

import { figure } from './figure.ts'
import { Heads } from './heads.tsx'
import { Sheet } from './sheet.tsx'

interface CountedTableProps {
  /** Heads of the cells in front of the count. */
  readonly heads: readonly string[]
  readonly rows: readonly CountedRow[]
}

export interface CountedRow {
  /** Data from the interface: codes, places, texts of the hub in English. */
  readonly cells: readonly { readonly text: string; readonly lang?: 'en' }[]
  readonly count: number
}

/** What was seen, and how often. */
export function CountedTable({ heads, rows }: CountedTableProps) {
  const { t, i18n } = useTranslation()
  return (
    <Sheet>
      <Heads of={[...heads, { figures: t('feeds.count') }]} />
      <tbody>
        {rows.map(({ cells, count }) => (
          <tr key={cells.map(({ text }) => text).join('\n')}>
            {cells.map(({ text, lang }, at) => (
              <td key={heads[at]}>
                <bdi {...(lang === undefined ? { dir: 'ltr' } : { lang })}>{text}</bdi>
              </td>
            ))}
            <td className="number">{figure(count, i18n.language)}</td>
          </tr>
        ))}
      </tbody>
    </Sheet>
  )
}
