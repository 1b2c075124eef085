import Box from '@mui/material/Box'
import Typography from '@mui/material/Typography'
import { useTranslation } from 'react-i18next'
import { Navigate, useParams, useSearchParams } from 'react-router'

import { useMay } from '../../api/may.ts'
import { clinicalInstant } from '../../ui/dates.ts'
import { FactList, ltr } from '../../ui/fact-list.tsx'
import type { Fact } from '../../ui/fact-list.tsx'
import { FieldRows } from '../../ui/field-rows.tsx'
import { Page } from '../../ui/page.tsx'
import { useSources } from './source.data.ts'
import type { Source } from './source.data.ts'

/** Goes on to the field of the message; who may not open messages sees the segment that the value came from, and nothing else of it. */
export function SourcePage() {
  const { t } = useTranslation()
  const { type = '', id = '' } = useParams()
  const [params] = useSearchParams()
  const mayReadMessages = useMay('messages.read')
  const sources = useSources(`${type}/${id}`, params.get('element') ?? '')
  const first = sources.data?.[0]
  if (first !== undefined && mayReadMessages) {
    return <Navigate to={`/messages/${first.message}?${new URLSearchParams({ at: first.source })}`} replace />
  }
  return (
    <Page
      title={t('source.title')}
      query={sources}
      within={{ to: '/patients', text: t('nav.patients') }}
      isPassing
      isEmpty={(list) => list.length === 0}
      empty={t('source.none')}
    >
      {(list) => (
        <Box sx={{ display: 'grid', gap: 4, maxWidth: 960 }}>
          {list.map((source) => (
            <SourceCard key={source.element} source={source} />
          ))}
        </Box>
      )}
    </Page>
  )
}

function SourceCard({
  source: { element, source, isCurrent, segment, ...message },
}: {
  readonly source: Source
}) {
  const { t, i18n } = useTranslation()
  const { received, type, sender } = message
  const facts: readonly Fact[] = [
    [t('source.element'), ltr(element)],
    [t('source.field'), ltr(source)],
    [t('source.message'), ltr(type)],
    [t('message.sender'), ltr(sender)],
    [t('message.received'), ltr(received && clinicalInstant(received, i18n.language))],
    [t('source.current'), t(isCurrent ? 'source.same' : 'source.changed')],
  ]
  return (
    <Box>
      <FactList facts={facts} />
      {segment === undefined ? (
        <Typography>{t('source.gone')}</Typography>
      ) : (
        <FieldRows label={segment.label} fields={segment.fields} chosen={segment.chosen} />
      )}
    </Box>
  )
}
