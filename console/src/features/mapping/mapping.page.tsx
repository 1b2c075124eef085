import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Typography from '@mui/material/Typography'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'

import { useFeedNames } from '../../api/feeds.ts'
import { useDraft } from '../../ui/draft.ts'
import { FieldPanels } from '../../ui/field-panels.tsx'
import { Findings } from '../../ui/findings.tsx'
import { inlineControl } from '../../ui/inline-control.ts'
import { Empty, PageTitle } from '../../ui/page.tsx'
import { ProblemCard } from '../../ui/problem-card.tsx'
import { textArea } from '../../ui/text-area.ts'
import { useTester } from './mapping.data.ts'
import type { Tested } from './mapping.data.ts'

/** A message in, resources out, each value with the field that it came from. Nothing is stored. */
export function MappingPage() {
  const { t } = useTranslation()
  const id = useId()
  const draft = useDraft('mapping')
  const [feed, setFeed] = useState('default')
  const { data: names = [] } = useFeedNames()
  const tester = useTester()
  return (
    <Box component="section" sx={{ p: 4, maxWidth: 1760 }}>
      <PageTitle title={t('nav.mapping')} />
      <Box
        component="form"
        action={() => tester.mutate({ feed, text: draft.text })}
        sx={{ display: 'grid', gridTemplateColumns: 'minmax(0, 1fr)', gap: 2, mb: 6 }}
      >
        <label htmlFor={id}>{t('mapping.text')}</label>
        <Box
          component="textarea"
          id={id}
          dir="ltr"
          rows={8}
          required
          spellCheck={false}
          value={draft.text}
          onChange={({ target }) => draft.write(target.value)}
          sx={textArea}
        />
        <Box sx={{ display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: 3 }}>
          <Box component="label" sx={inlineControl}>
            <span>{t('mapping.feed')}</span>
            <select value={feed} onChange={({ target }) => setFeed(target.value)}>
              {[...new Set(['default', ...names])].map((name) => (
                <option key={name} value={name} translate="no">
                  {name}
                </option>
              ))}
            </select>
          </Box>
          <Button type="submit" variant="contained" disabled={draft.text.trim() === '' || tester.isPending}>
            {t('mapping.do')}
          </Button>
          {draft.isDraft ? (
            <>
              <Button onClick={draft.drop}>{t('filter.clear')}</Button>
              <Typography variant="caption">{t('draft.kept')}</Typography>
            </>
          ) : undefined}
        </Box>
      </Box>
      {tester.isError ? <ProblemCard error={tester.error} /> : undefined}
      {tester.data ? (
        <Result key={tester.submittedAt} tested={tester.data} />
      ) : (
        <Empty>{t('mapping.empty')}</Empty>
      )}
    </Box>
  )
}

/** What cannot be read as segments has its findings alone. */
function Result({ tested: { tree, findings } }: { readonly tested: Tested }) {
  if (tree.segments.length === 0) return <Findings findings={findings} />
  return (
    <FieldPanels tree={tree} findings={findings} mark={findings.find(({ kind }) => kind === 'error')?.at} />
  )
}
