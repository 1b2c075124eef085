import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from 'react-router'

import { forgetAlarms } from '../api/alarms.ts'
import { Problem } from '../api/problem.ts'
import { useSession } from '../api/session.ts'
import { forgetDrafts } from '../ui/draft.ts'
import { forgetTrail } from '../ui/trail.ts'
import { Look } from './look.tsx'
import { createRoutes } from './routes.tsx'

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      networkMode: 'always',
      // What the hub refuses stays refused; only a missing answer or a busy hub is worth asking again.
      retry: (failures, error) =>
        failures < 2 && error instanceof Problem && [0, 429, 503].includes(error.status),
    },
  },
})
const router = createRoutes(queries)

/** When the code of the first page is there: what is drawn before would be drawn twice. */
export const firstPage = new Promise<void>((resolve) => {
  const look = () => void (router.state.initialized && resolve())
  look()
  router.subscribe(look)
})

// Whoever signs in next in this tab finds nothing of the one before.
useSession.subscribe((now, before) => {
  if (before.session === undefined || now.session !== undefined) return
  queries.clear()
  forgetAlarms()
  forgetTrail()
  forgetDrafts()
})

export function App() {
  return (
    <QueryClientProvider client={queries}>
      <Look>
        <RouterProvider router={router} />
      </Look>
    </QueryClientProvider>
  )
}
