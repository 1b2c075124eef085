import type { MessageState } from '@hub/hl7/hl7.contract.ts'
import { useTranslation } from 'react-i18next'
import type { z } from 'zod'

import { Chip } from './chip.tsx'

type State = z.infer<typeof MessageState>

const LOOKS: Readonly<
  Record<State, { readonly colour: 'ok' | 'info' | 'stale' | 'high'; readonly mark: string }>
> = {
  received: { colour: 'info', mark: '○' },
  mapped: { colour: 'info', mark: '◐' },
  committed: { colour: 'ok', mark: '●' },
  duplicate: { colour: 'stale', mark: '=' },
  rejected: { colour: 'high', mark: '×' },
  parked: { colour: 'stale', mark: '‖' },
  dead: { colour: 'high', mark: '×' },
  discarded: { colour: 'stale', mark: '–' },
}

export function StateChip({ state }: { readonly state: State }) {
  const { t } = useTranslation()
  const { colour, mark } = LOOKS[state]
  return (
    <Chip colour={colour} mark={mark}>
      {t(`state.${state}`)}
    </Chip>
  )
}
