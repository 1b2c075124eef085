import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import { useTranslation } from 'react-i18next'

import { Chip } from '../../ui/chip.tsx'
import type { FeedRow, Mode, ModeChange } from './feeds.data.ts'

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
  const isDown = mode !== 'stopped' && state === 'closed' && folder === undefined
  const word = isDown ? 'silent' : mode
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
}

export function ModeButtons({ feed: { name, mode }, setMode }: ModeButtonsProps) {
  const { t } = useTranslation()
  return OTHERS[mode].map((other) => (
    <Button
      key={other}
      sx={{
        minHeight: 24,
        minWidth: 0,
        py: 0,
        px: 1,
        marginInlineEnd: 3,
        marginInlineStart: -1,
        fontSize: 13,
      }}
      title={t(`feeds.state.${other}.note`)}
      aria-label={`${t(`feeds.do.${other}`)} ${name}`}
      onClick={() => setMode({ feed: name, mode: other })}
    >
      {t(`feeds.do.${other}`)}
    </Button>
  ))
}
