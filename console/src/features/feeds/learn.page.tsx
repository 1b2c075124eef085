import Box from '@mui/material/Box'
import Typography from '@mui/material/Typography'
import { useTranslation } from 'react-i18next'
import { useParams } from 'react-router'

import { CountedTable } from '../../ui/counted-table.tsx'
import { Empty, Page } from '../../ui/page.tsx'
import { Section } from '../../ui/section.tsx'
import { TextFile } from '../../ui/text-file.tsx'
import { useLearned } from './feeds.data.ts'
import type { Learned } from './feeds.data.ts'

/** What the newest messages of a feed suggest for its rule files. */
export function LearnPage() {
  const { t } = useTranslation()
  const { name = '' } = useParams()
  return (
    <Page
      title={t('learn.title')}
      heading={`${name}: ${t('learn.title')}`}
      query={useLearned(name)}
      within={{ to: `/feeds/${encodeURIComponent(name)}`, text: name }}
      isEmpty={({ messages }) => messages === 0}
      empty={t('learn.none')}
    >
      {(learned) => <Content learned={learned} />}
    </Page>
  )
}

function Content({ learned: { feed, messages, profile, overlay } }: { readonly learned: Learned }) {
  const { t } = useTranslation()
  return (
    <Box sx={{ display: 'grid', gap: 6, maxWidth: 960 }}>
      <Typography>{t('learn.explain', { n: messages })}</Typography>
      <Section title={t('learn.overlay')}>
        <Overlay feed={feed} overlay={overlay} />
      </Section>
      {overlay.codes.length === 0 ? undefined : (
        <Section title={t('learn.codes')}>
          <CountedTable
            heads={[t('learn.table'), t('learn.code'), t('learn.text')]}
            rows={overlay.codes.map(({ table, code, text, count }) => ({
              cells: [{ text: `tables/${table}.csv` }, { text: code }, { text }],
              count,
            }))}
          />
        </Section>
      )}
      {overlay.fields.length === 0 ? undefined : (
        <Section title={t('learn.fields')}>
          <CountedTable
            heads={[t('finding.at')]}
            rows={overlay.fields.map(({ at, count }) => ({ cells: [{ text: at }], count }))}
          />
        </Section>
      )}
      <Section title={t('learn.profile')}>
        <Typography sx={{ mb: 2, color: 'text.secondary' }}>{t('learn.profile.note')}</Typography>
        <TextFile name={`${feed}.profile.yaml`} text={profile} />
      </Section>
    </Box>
  )
}

function Overlay({ feed, overlay: { name, files } }: Pick<Learned, 'feed' | 'overlay'>) {
  const { t } = useTranslation()
  if (files.length === 0) return <Empty>{t('learn.allRead')}</Empty>
  return (
    <Box sx={{ display: 'grid', gap: 3 }}>
      <Typography sx={{ color: 'text.secondary' }}>
        {t('learn.overlay.note', { overlay: name, file: `feeds/${feed}.yaml` })}
      </Typography>
      {files.map(({ path, text }) => (
        <TextFile key={path} name={path} text={text} />
      ))}
    </Box>
  )
}
