import type { Interpretation } from '@hub/care/facility/wards.contract.ts'
import { useTranslation } from 'react-i18next'

import { Chip } from './chip.tsx'

/** One arrow: outside the usual range; two: critical. Always with its word, never colour alone. */
const LOOKS: Readonly<
  Record<Interpretation, { readonly arrow: string; readonly colour: 'medium' | 'high' }>
> = {
  low: { arrow: '↓', colour: 'medium' },
  high: { arrow: '↑', colour: 'medium' },
  abnormal: { arrow: '!', colour: 'medium' },
  'critical-low': { arrow: '↓↓', colour: 'high' },
  'critical-high': { arrow: '↑↑', colour: 'high' },
  critical: { arrow: '!!', colour: 'high' },
}

export function FlagMark({ flag }: { readonly flag: Interpretation }) {
  const { t } = useTranslation()
  const { arrow, colour } = LOOKS[flag]
  return (
    <Chip colour={colour} mark={arrow}>
      {t(`flag.${flag}`)}
    </Chip>
  )
}
