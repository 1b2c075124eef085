import type { ValueView } from '@hub/care/facility/wards.contract.ts'
import { useTranslation } from 'react-i18next'

import { FlagMark } from './flag-mark.tsx'
import { SourceLink } from './source-link.tsx'

/** A value with the digits of the record, each part leading to its source. */
export function Value({ value }: { readonly value: ValueView }) {
  const { parts, resource } = value
  const areFigures = isFigure(value)
  return (
    <bdi dir={areFigures ? 'ltr' : 'auto'}>
      {parts.map(({ text, element }, index) => (
        <span key={element}>
          {index === 0 ? undefined : areFigures ? '/' : ' · '}
          <SourceLink resource={resource} element={element}>
            {text}
          </SourceLink>
        </span>
      ))}
    </bdi>
  )
}

/** The value with all that has to be known with it. */
export function MarkedValue({ value }: { readonly value: ValueView }) {
  return (
    <>
      <Value value={value} />
      <Standing value={value} /> {value.flag ? <FlagMark flag={value.flag} /> : undefined}
    </>
  )
}

/** Says of a value that is not final how it stands. */
export function Standing({ value: { standing } }: { readonly value: ValueView }) {
  const { t } = useTranslation()
  if (standing === undefined) return undefined
  return <i className="soft"> {t(`standing.${standing}`)}</i>
}

/** Whether a value is to be compared, and never cut short; else it is a text to read. */
export function isFigure({ parts }: ValueView): boolean {
  return parts.every(({ text }) => /^[<>≤≥=\s]*[-\d]/.test(text) && text.length <= LONGEST_FIGURE)
}

const LONGEST_FIGURE = 24
