import { onTestFinished } from 'vitest'

import { type AuditArchive, createAuditTrail } from '../src/audit/create-audit-trail.ts'
import { type Auth, type AuthOptions, createAuth } from '../src/auth/create-auth.ts'
import type { Store } from '../src/store/port.ts'
import { freshFolder } from './fresh-store.ts'

/** Authentication and audit trail on a store, with the bootstrap client `boot:s3cr:t&+%`. */
export async function freshAuth(
  store: Store,
  options: Partial<AuthOptions> = {},
): Promise<{ auth: Auth; trail: AuditArchive }> {
  const folder = await freshFolder()
  const trail = createAuditTrail({ folder, store, clock: Date.now, onError: () => undefined })
  onTestFinished(() => trail.close())
  const auth = await createAuth({
    store,
    audit: trail,
    clock: Date.now,
    publicUrl: () => 'http://hub.example',
    mode: 'evaluation',
    bootstrapClient: 'boot:s3cr:t&+%',
    ...options,
  })
  return { auth, trail }
}
