import Typography from '@mui/material/Typography'
import { useTranslation } from 'react-i18next'

import type { NamedOnes } from '../../api/named.ts'
import { AskFirst } from '../../ui/ask-first.tsx'
import { rowButton } from '../../ui/row-button.ts'
import { SideText } from './merge-parts.tsx'
import type { MergeRow, useUndo } from './merges.data.ts'

interface UndoMergeProps {
  readonly merge: MergeRow
  readonly named: NamedOnes
  readonly undo: ReturnType<typeof useUndo>
  /** Stands in a row of a list. */
  readonly isRow?: boolean
}

/** Takes it back, once it is said what goes back and what does not. */
export function UndoMerge({ merge, named, undo, isRow = false }: UndoMergeProps) {
  const { t } = useTranslation()
  const { id, kind, from, to, moved } = merge
  const number = named.get(from)?.number ?? from
  return (
    <AskFirst
      {...(isRow ? { sx: { ...rowButton, whiteSpace: 'nowrap' } } : { variant: 'outlined' })}
      text={t('merge.undo')}
      label={t('merge.undo.label', { number })}
      title={t(`merge.undo.title.${kind}`)}
      answer={t('merge.undo.do')}
      command={undo}
      run={(close) => undo.mutate(id, { onSuccess: close })}
    >
      <Typography>
        <SideText reference={from} named={named} /> {t('merge.into')}{' '}
        <SideText reference={to} named={named} />
      </Typography>
      <Typography>{t(`merge.undo.explain.${kind}`, { n: moved })}</Typography>
      <Typography>{t('merge.undo.stays')}</Typography>
    </AskFirst>
  )
}

/** What became of the latest undo; what could not be taken back is on the page of the merge. */
export function Undone({ undo }: { readonly undo: ReturnType<typeof useUndo> }) {
  const { t } = useTranslation()
  if (!undo.isSuccess) return undefined
  const { moved, left } = undo.data
  return (
    <Typography role="status" sx={{ mb: 3 }}>
      {left.length === 0
        ? t('merge.undone.all', { n: moved })
        : t('merge.undone.some', { n: moved - left.length, left: left.length })}
    </Typography>
  )
}
