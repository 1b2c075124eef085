import type { Role } from '@hub/auth/permissions.ts'
import Box from '@mui/material/Box'
import Dialog from '@mui/material/Dialog'
import { useEffect, useId, useRef, useState } from 'react'
import type { KeyboardEvent } from 'react'
import { useTranslation } from 'react-i18next'

import { DataText } from '../../ui/data-text.tsx'
import { markable, marked } from '../../ui/start-mark.ts'
import { usePaletteItems } from './palette.data.ts'
import type { Item } from './palette.data.ts'

interface PaletteProps {
  readonly roles: readonly Role[]
  readonly close: () => void
}

function usePalette({ roles, close }: PaletteProps) {
  const [typed, setTyped] = useState('')
  const [at, setAt] = useState(0)
  const items = usePaletteItems(typed, roles)
  const chosen = Math.min(at, items.length - 1)
  const run = (item: Item | undefined) => {
    if (item === undefined) return
    close()
    item.run()
  }
  const pressed = (event: KeyboardEvent) => {
    const step = STEPS[event.key]
    if (step === undefined && event.key !== 'Enter') return
    event.preventDefault()
    if (step === undefined) run(items[chosen])
    else setAt((chosen + step + items.length) % Math.max(items.length, 1))
  }
  const type = (text: string) => {
    setTyped(text)
    setAt(0)
  }
  return { typed, items, chosen, run, pressed, type }
}

/** One field that leads everywhere: arrows choose, Enter goes. */
export function Palette({ roles, close }: PaletteProps) {
  const { t } = useTranslation()
  const id = useId()
  const { typed, items, chosen, run, pressed, type } = usePalette({ roles, close })
  return (
    <Dialog open onClose={close} aria-label={t('palette.open')} slotProps={{ paper: { sx: paper } }}>
      <Box
        component="input"
        ref={focused}
        role="combobox"
        aria-expanded={items.length > 0}
        aria-controls={`${id}-list`}
        aria-activedescendant={items.length > 0 ? `${id}-${chosen}` : undefined}
        aria-label={t('palette.open')}
        placeholder={t('palette.placeholder')}
        autoComplete="off"
        spellCheck={false}
        value={typed}
        onChange={({ target }) => type(target.value)}
        onKeyDown={pressed}
        sx={field}
      />
      {items.length === 0 ? (
        <Box role="status" sx={{ px: 4, py: 3, color: 'text.secondary' }}>
          {t('palette.none')}
        </Box>
      ) : undefined}
      <Box id={`${id}-list`} role="listbox" aria-label={t('palette.open')} sx={list}>
        {items.map((item, index) => (
          <Option
            key={`${item.group} ${item.text} ${item.notes.join(' ')}`}
            id={`${id}-${index}`}
            item={item}
            isFirst={items[index - 1]?.group !== item.group}
            isChosen={index === chosen}
            run={() => run(item)}
          />
        ))}
      </Box>
    </Dialog>
  )
}

function focused(input: HTMLInputElement | null): void {
  input?.focus()
}

const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 }

interface OptionProps {
  readonly id: string
  readonly item: Item
  /** Of its group: then the name of the group stands above it. */
  readonly isFirst: boolean
  readonly isChosen: boolean
  readonly run: () => void
}

function Option({ id, item: { group, text, notes }, isFirst, isChosen, run }: OptionProps) {
  const { t } = useTranslation()
  const row = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (isChosen) row.current?.scrollIntoView({ block: 'nearest' })
  }, [isChosen])
  return (
    <>
      {isFirst ? (
        <Box role="presentation" sx={head}>
          {t(`palette.${group}`)}
        </Box>
      ) : undefined}
      <Box ref={row} id={id} role="option" aria-selected={isChosen} onClick={run} sx={option}>
        <bdi>{text}</bdi>
        <Box component="span" sx={{ display: 'flex', gap: 3, color: 'text.secondary', fontSize: 12 }}>
          {notes.map((note) => (
            <DataText key={note} text={note} />
          ))}
        </Box>
      </Box>
    </>
  )
}

const paper = { width: 560, maxWidth: 'calc(100vw - 32px)', position: 'absolute', top: 64, m: 0 } as const

const field = {
  height: 48,
  px: 4,
  flexShrink: 0,
  border: 0,
  outline: 'none',
  font: 'inherit',
  fontSize: 16,
  color: 'text.primary',
  bgcolor: 'transparent',
  borderBottom: 'var(--mg-line) solid var(--mg-palette-divider)',
  '&::placeholder': { color: 'text.secondary', opacity: 1 },
} as const

const list = { overflowY: 'auto', maxHeight: 420, pb: 1 } as const

const head = { px: 4, pt: 2, pb: 1, fontSize: 12, lineHeight: '16px', color: 'text.secondary' } as const

const option = {
  display: 'flex',
  justifyContent: 'space-between',
  alignItems: 'center',
  gap: 4,
  minHeight: 36,
  px: 4,
  cursor: 'pointer',
  ...markable,
  '&:hover': { bgcolor: 'action.hover' },
  '&[aria-selected=true]': marked,
} as const
