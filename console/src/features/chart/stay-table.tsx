import { useTranslation } from 'react-i18next'

import { clinicalInstant } from '../../ui/dates.ts'
import { SourceLink } from '../../ui/source-link.tsx'
import { WideSheet } from '../../ui/wide-sheet.tsx'
import type { Stay } from './chart.data.ts'

/** `Encounter.status` that has a word of its own; any other is shown as the code. */
const STATUSES = ['planned', 'arrived', 'in-progress', 'finished', 'cancelled'] as const
type Status = (typeof STATUSES)[number]

export function StayTable({ stays }: { readonly stays: readonly Stay[] }) {
  const { t } = useTranslation()
  return (
    <WideSheet
      label={t('chart.stays')}
      heads={[t('stay.from'), t('stay.to'), t('stay.status'), t('stay.place')]}
    >
      <tbody>
        {stays.map((stay) => (
          <tr key={stay.id}>
            <td className="unit">
              <Instant stay={stay} end="start" />
            </td>
            <td className="unit">
              <Instant stay={stay} end="end" />
            </td>
            <td>
              <SourceLink resource={`Encounter/${stay.id}`} element="Encounter.status">
                {isStatus(stay.status) ? t(`stay.${stay.status}`) : stay.status}
              </SourceLink>
            </td>
            <td>
              {stay.places.map((place) => (
                <div key={place.element}>
                  <SourceLink {...place}>
                    <bdi>{place.text}</bdi>
                  </SourceLink>
                </div>
              ))}
            </td>
          </tr>
        ))}
      </tbody>
    </WideSheet>
  )
}

function Instant({ stay, end }: { readonly stay: Stay; readonly end: 'start' | 'end' }) {
  const { i18n } = useTranslation()
  const text = stay[end]
  if (text === undefined) return '–'
  return (
    <SourceLink resource={`Encounter/${stay.id}`} element={`Encounter.period.${end}`}>
      <bdi>{clinicalInstant(text, i18n.language)}</bdi>
    </SourceLink>
  )
}

function isStatus(status: string): status is Status {
  return STATUSES.some((known) => known === status)
}
