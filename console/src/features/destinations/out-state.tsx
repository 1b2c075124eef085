import { useTranslation } from 'react-i18next'

import { Chip } from '../../ui/chip.tsx'
import type { Destination, OutState } from './destinations.data.ts'

const LOOKS = {
  queued: { colour: 'info', mark: '○' },
  sent: { colour: 'ok', mark: '◐' },
  answered: { colour: 'ok', mark: '●' },
  dead: { colour: 'high', mark: '×' },
  cancelled: { colour: 'stale', mark: '–' },
} as const

export function OutStateChip({ state }: { readonly state: OutState }) {
  const { t } = useTranslation()
  const { colour, mark } = LOOKS[state]
  return (
    <span title={t(`out.state.${state}.note`)}>
      <Chip colour={colour} mark={mark}>
        {t(`out.state.${state}`)}
      </Chip>
    </span>
  )
}

const MODES = {
  running: { colour: 'ok', mark: '●' },
  paused: { colour: 'stale', mark: '‖' },
  failing: { colour: 'high', mark: '○' },
} as const

/** How the destination is: loudly when it should get messages and does not answer. */
export function DestinationState({ destination }: { readonly destination: Destination }) {
  const { t } = useTranslation()
  const { mode, failures } = destination
  const word = mode === 'running' ? (failures > 0 ? 'failing' : 'running') : 'paused'
  const { colour, mark } = MODES[word]
  return (
    <span title={t(`destinations.state.${word}.note`)}>
      <Chip colour={colour} mark={mark}>
        {t(`destinations.state.${word}`)}
      </Chip>
    </span>
  )
}
