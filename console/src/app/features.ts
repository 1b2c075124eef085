import { may, mayUse } from '@hub/auth/permissions.ts'
import type { Role } from '@hub/auth/permissions.ts'
import type { QueryClient } from '@tanstack/react-query'
import type { ComponentType } from 'react'
import type { Params } from 'react-router'

import { prepareWard } from '../features/ward/ward.data.ts'
import type { IconName } from '../ui/icon.tsx'
import type en from './locales/en.json'

type Roles = readonly Role[]

export interface Feature {
  /** Address below `/`, in the syntax of react-router. */
  readonly path: string
  /** Asked of the permission table that the server uses, too. */
  readonly allowed: (roles: Roles) => boolean
  readonly load: () => Promise<{ readonly Component: ComponentType }>
  /** Asks for the content while the code of the page is on its way: for pages that somebody waits for. */
  readonly prepare?: (queries: QueryClient, params: Params) => Promise<void>
  /** Entry of the rail; `key` is the second letter of `g w`. Pages without one are reached from another page. */
  readonly nav?: {
    readonly group: 'work' | 'patients' | 'interop'
    readonly text: Extract<keyof typeof en, `nav.${string}`>
    readonly icon: IconName
    readonly key: string
  }
}

/** The pages of the console, in the order of the rail. */
export const FEATURES: readonly Feature[] = [
  {
    path: 'ward/:wardId?',
    allowed: (roles) => mayUse(roles, 'ward.read'),
    nav: { group: 'work', text: 'nav.ward', icon: 'bed', key: 'w' },
    load: async () => ({ Component: (await import('../features/ward/ward.page.tsx')).WardPage }),
    prepare: (queries, { wardId }) => prepareWard(queries, wardId),
  },
  {
    path: 'patients',
    allowed: (roles) => may(roles, 'search', 'Patient'),
    nav: { group: 'patients', text: 'nav.patients', icon: 'people', key: 'p' },
    load: async () => ({ Component: (await import('../features/patients/patients.page.tsx')).PatientsPage }),
  },
  {
    path: 'patients/:patientId',
    allowed: (roles) => mayUse(roles, 'chart.read'),
    load: async () => ({ Component: (await import('../features/chart/chart.page.tsx')).ChartPage }),
  },
  {
    path: 'feeds',
    allowed: (roles) => mayUse(roles, 'messages.read'),
    nav: { group: 'interop', text: 'nav.feeds', icon: 'feeds', key: 'f' },
    load: async () => ({ Component: (await import('../features/feeds/feeds.page.tsx')).FeedsPage }),
  },
  {
    path: 'feeds/:name',
    allowed: (roles) => mayUse(roles, 'messages.read'),
    load: async () => ({ Component: (await import('../features/feeds/feed.page.tsx')).FeedPage }),
  },
  {
    path: 'feeds/:name/learn',
    allowed: (roles) => mayUse(roles, 'feeds.manage'),
    load: async () => ({ Component: (await import('../features/feeds/learn.page.tsx')).LearnPage }),
  },
  {
    path: 'destinations',
    allowed: (roles) => mayUse(roles, 'messages.read'),
    nav: { group: 'interop', text: 'nav.destinations', icon: 'send', key: 'o' },
    load: async () => ({
      Component: (await import('../features/destinations/destinations.page.tsx')).DestinationsPage,
    }),
  },
  {
    path: 'destinations/:name',
    allowed: (roles) => mayUse(roles, 'messages.read'),
    load: async () => ({
      Component: (await import('../features/destinations/destination.page.tsx')).DestinationPage,
    }),
  },
  {
    path: 'destinations/:name/:outId',
    allowed: (roles) => mayUse(roles, 'messages.read'),
    load: async () => ({
      Component: (await import('../features/destinations/out-message.page.tsx')).OutMessagePage,
    }),
  },
  {
    path: 'messages',
    allowed: (roles) => mayUse(roles, 'messages.read'),
    nav: { group: 'interop', text: 'nav.messages', icon: 'messages', key: 'm' },
    load: async () => ({ Component: (await import('../features/messages/messages.page.tsx')).MessagesPage }),
  },
  {
    path: 'messages/:messageId',
    allowed: (roles) => mayUse(roles, 'messages.read'),
    load: async () => ({ Component: (await import('../features/messages/message.page.tsx')).MessagePage }),
  },
  {
    path: 'dead-letters',
    allowed: (roles) => mayUse(roles, 'messages.read'),
    nav: { group: 'interop', text: 'nav.deadLetters', icon: 'letter', key: 'd' },
    load: async () => ({
      Component: (await import('../features/dead-letters/dead-letters.page.tsx')).DeadLettersPage,
    }),
  },
  {
    path: 'mapping',
    allowed: (roles) => mayUse(roles, 'messages.read'),
    nav: { group: 'interop', text: 'nav.mapping', icon: 'flask', key: 't' },
    load: async () => ({ Component: (await import('../features/mapping/mapping.page.tsx')).MappingPage }),
  },
  {
    path: 'source/:type/:id',
    allowed: (roles) => mayUse(roles, 'trace.read'),
    load: async () => ({ Component: (await import('../features/source/source.page.tsx')).SourcePage }),
  },
  {
    path: 'worklist',
    allowed: (roles) => mayUse(roles, 'worklist.read'),
    nav: { group: 'interop', text: 'nav.worklist', icon: 'fork', key: 'c' },
    load: async () => ({ Component: (await import('../features/worklist/worklist.page.tsx')).WorklistPage }),
  },
  {
    path: 'worklist/decided',
    allowed: (roles) => mayUse(roles, 'worklist.read'),
    load: async () => ({ Component: (await import('../features/worklist/decided.page.tsx')).DecidedPage }),
  },
  {
    path: 'merges',
    allowed: (roles) => mayUse(roles, 'worklist.read'),
    nav: { group: 'interop', text: 'nav.merges', icon: 'merge', key: 'u' },
    load: async () => ({ Component: (await import('../features/merges/merges.page.tsx')).MergesPage }),
  },
  {
    path: 'merges/:mergeId',
    allowed: (roles) => mayUse(roles, 'worklist.read'),
    load: async () => ({ Component: (await import('../features/merges/merge.page.tsx')).MergePage }),
  },
]

/** Where the rail entry leads: the address without its parameters. */
export function homeOf({ path }: Feature): string {
  return `/${path.split('/:')[0] ?? ''}`
}
