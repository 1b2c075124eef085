import { mayUse } from '@hub/auth/permissions.ts'
import { useTranslation } from 'react-i18next'
import { Navigate, useParams, useSearchParams } from 'react-router'

import { useSession } from '../../api/session.ts'
import { Page } from '../../ui/page.tsx'
import { Sheet } from '../../ui/sheet.tsx'
import { useSources } from './source.data.ts'

/** Goes on to the field of the message; says what is known to those who may not open messages. */
export function SourcePage() {
  const { t } = useTranslation()
  const { type = '', id = '' } = useParams()
  const [params] = useSearchParams()
  const roles = useSession((state) => state.session?.who.roles) ?? []
  const sources = useSources(`${type}/${id}`, params.get('element') ?? '')
  const first = sources.data?.[0]
  if (first !== undefined && mayUse(roles, 'messages.read')) {
    return <Navigate to={`/messages/${first.message}?${new URLSearchParams({ at: first.source })}`} replace />
  }
  return (
    <Page
      title={t('source.title')}
      query={sources}
      isEmpty={(list) => list.length === 0}
      empty={t('source.none')}
    >
      {(list) => (
        <Sheet>
          <thead>
            <tr>
              <th scope="col">{t('source.element')}</th>
              <th scope="col">{t('source.field')}</th>
              <th scope="col">{t('source.message')}</th>
              <th scope="col">{t('source.current')}</th>
            </tr>
          </thead>
          <tbody>
            {list.map(({ element, source, message, isCurrent }) => (
              <tr key={element}>
                <td>
                  <bdi dir="ltr">{element}</bdi>
                </td>
                <td>
                  <bdi dir="ltr">{source}</bdi>
                </td>
                <td>
                  <bdi dir="ltr">{message}</bdi>
                </td>
                <td>{t(isCurrent ? 'source.same' : 'source.changed')}</td>
              </tr>
            ))}
          </tbody>
        </Sheet>
      )}
    </Page>
  )
}
