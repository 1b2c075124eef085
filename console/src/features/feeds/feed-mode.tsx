import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { isSilent } from '../../api/feeds.ts'
import { Chip } from '../../ui/chip.tsx'
import { rowButton } from '../../ui/row-button.ts'
import type { FeedRow, Mode, ModeChange } from './feeds.data.ts'
import { StopDialog } from './stop-dialog.tsx'

const LOOKS = {
  running: { colour: 'ok', mark: '●' },
  paused: { colour: 'stale', mark: '‖' },
  stopped: { colour: 'stale', mark: '■' },
  silent: { colour: 'high', mark: '○' },
} as const

/** What the feed shall do, and loudly when it does not: it should run and nobody listens, and why (a port that is taken). */
export function FeedState({
  feed: { mode, state, folder, problem },
}: {
  readonly feed: Pick<FeedRow, 'mode' | 'state' | 'folder' | 'problem'>
}) {
  const { t } = useTranslation()
  const word = isSilent({ mode, state, ...(folder !== undefined && { folder }) }) ? 'silent' : mode
  const { colour, mark } = LOOKS[word]
  return (
    <>
      <span title={t(`feeds.state.${word}.note`)}>
        <Chip colour={colour} mark={mark}>
          {t(`feeds.state.${word}`)}
        </Chip>
      </span>
      {problem === undefined ? undefined : (
        <Box
          component="bdi"
          dir="ltr"
          lang="en"
          sx={{ display: 'block', fontSize: 13, color: 'flag.highText' }}
        >
          {problem}
        </Box>
      )}
    </>
  )
}

/** From each mode the two others. */
const OTHERS: Readonly<Record<Mode, readonly Mode[]>> = {
  running: ['paused', 'stopped'],
  paused: ['running', 'stopped'],
  stopped: ['running'],
}

interface ModeButtonsProps {
  readonly feed: FeedRow
  readonly setMode: (change: ModeChange) => void
  /** In a row of a table, where buttons have no frames. */
  readonly isInRow?: boolean
}

/** To start and to pause is done at once and easily undone; a closed port is noticed by the sender, so that a stop is asked for twice. */
export function ModeButtons({ feed, setMode, isInRow = false }: ModeButtonsProps) {
  const { t } = useTranslation()
  const [isStopping, setStopping] = useState(false)
  const { name, mode } = feed
  return (
    <>
      {OTHERS[mode].map((other) => (
        <Button
          key={other}
          {...(isInRow ? { sx: rowButton } : { variant: 'outlined' })}
          title={t(`feeds.state.${other}.note`)}
          aria-label={`${t(`feeds.do.${other}`)} ${name}`}
          onClick={() => (other === 'stopped' ? setStopping(true) : setMode({ feed: name, mode: other }))}
        >
          {t(`feeds.do.${other}`)}
        </Button>
      ))}
      {isStopping ? (
        <StopDialog
          feed={feed}
          stop={() => setMode({ feed: name, mode: 'stopped' })}
          close={() => setStopping(false)}
        />
      ) : undefined}
    </>
  )
}
