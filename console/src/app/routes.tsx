import { useQuery } from '@tanstack/react-query'
import type { QueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { createBrowserRouter, Navigate, Outlet, ScrollRestoration, useRouteError } from 'react-router'
import type { LoaderFunctionArgs } from 'react-router'

import { Problem } from '../api/problem.ts'
import { useSession } from '../api/session.ts'
import { answered } from '../api/transport.ts'
import { Empty, PageTitle } from '../ui/page.tsx'
import { ProblemCard } from '../ui/problem-card.tsx'
import { FEATURES, homeOf } from './features.ts'
import type { Feature } from './features.ts'
import { Shell } from './shell/shell.tsx'

export function createRoutes(queries: QueryClient) {
  return createBrowserRouter([
    {
      path: '/sign-in',
      HydrateFallback: Nothing,
      lazy: async () => ({ Component: (await import('../features/sign-in/sign-in.page.tsx')).SignInPage }),
    },
    {
      path: '/',
      Component: SignedIn,
      HydrateFallback: Nothing,
      children: [
        { index: true, Component: Home },
        ...FEATURES.map((feature) => ({
          path: feature.path,
          element: <Guarded feature={feature} />,
          ErrorBoundary: PageFailed,
          children: [
            {
              index: true,
              lazy: () => feature.load().catch(() => ({ Component: () => <LatePage feature={feature} /> })),
              loader: preparing(feature, queries),
              ErrorBoundary: PageFailed,
            },
          ],
        })),
        { path: '*', Component: Unknown },
      ],
    },
  ])
}

/** The page does not wait for it: what is not there yet, or could not be read, it asks for itself. */
function preparing({ allowed, prepare }: Feature, queries: QueryClient) {
  return ({ params }: LoaderFunctionArgs) => {
    const { session } = useSession.getState()
    if (session && allowed(session.who.roles)) void prepare?.(queries, params)
    return null
  }
}

function SignedIn() {
  const session = useSession((state) => state.session)
  if (!session) return <Navigate to="/sign-in" replace />
  return (
    <>
      <Shell who={session.who} />
      <ScrollRestoration />
    </>
  )
}

const ASK_AGAIN_MS = 3000

/** A page whose code could not be loaded: it is asked for again by hand, and as soon as the hub is back. */
function LatePage({ feature: { path, load } }: { readonly feature: Feature }) {
  const code = useQuery({
    queryKey: ['code', path],
    queryFn: () => load().catch(whyMissing),
    staleTime: Number.POSITIVE_INFINITY,
    refetchInterval: ({ state }) => (state.error instanceof Problem ? ASK_AGAIN_MS : false),
  })
  if (code.data) return <code.data.Component />
  return (
    <section style={{ padding: 16 }}>
      {code.isError ? (
        <ProblemCard
          error={code.error}
          retry={() => (code.error instanceof Problem ? code.refetch() : location.reload())}
        />
      ) : undefined}
    </section>
  )
}

/** @throws Problem while the hub does not answer; else what failed: it is another version by now, and the page has to be loaded again */
async function whyMissing(error: unknown): Promise<never> {
  await answered('/', { method: 'HEAD' })
  throw error
}

function Home() {
  const roles = useRoles()
  const first = FEATURES.find(({ nav, allowed }) => nav && allowed(roles))
  return first ? <Navigate to={homeOf(first)} replace /> : <NotAllowed />
}

function Guarded({ feature }: { readonly feature: Feature }) {
  return feature.allowed(useRoles()) ? <Outlet /> : <NotAllowed />
}

function useRoles() {
  return useSession((state) => state.session?.who.roles) ?? []
}

function NotAllowed() {
  const { t } = useTranslation()
  return <Note title={t('denied.title')} text={t('denied.text')} />
}

function Unknown() {
  const { t } = useTranslation()
  return <Note title={t('unknown.title')} text={t('unknown.text')} />
}

function Note({ title, text }: { readonly title: string; readonly text: string }) {
  return (
    <section style={{ padding: 16 }}>
      <PageTitle title={title} />
      <Empty>{text}</Empty>
    </section>
  )
}

function PageFailed() {
  const error = useRouteError()
  return (
    <section style={{ padding: 16 }}>
      <ProblemCard error={error} retry={() => location.reload()} />
    </section>
  )
}

function Nothing() {
  return undefined
}
