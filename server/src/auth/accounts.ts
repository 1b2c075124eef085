import { z } from 'zod'

import type { AuditTrail } from '../audit/trail.ts'
import type { Clock } from '../kernel/clock.ts'
import { fault } from '../kernel/fault.ts'
import { uuid7 } from '../kernel/ids.ts'
import type { RecordChange, Store, StoredRecord } from '../store/port.ts'
import type { Caller } from './caller.ts'
import type { Passwords } from './passwords.ts'
import { ROLES } from './permissions.ts'

const ACCOUNTS = 'accounts'
const PAGE = 500

const Account = z.object({
  login: z.string(),
  name: z.string(),
  password: z.string(),
  roles: z.array(z.enum(ROLES)),
  facilities: z.union([z.literal('all'), z.array(z.string())]),
  patient: z.string().optional(),
  fhirUser: z.string().optional(),
  disabled: z.boolean().optional(),
  /** Invented people of the demo hospital: they cannot sign in to a hub in production. */
  demo: z.boolean().optional(),
  /** Sessions that began before (milliseconds) are over: set by a new password and by disabling. */
  sessionsFrom: z.number(),
})
export type Account = z.output<typeof Account> & { readonly id: string }
/** A password is given in the clear and kept as its hash. */
export type NewAccount = Omit<z.output<typeof Account>, 'sessionsFrom'>
export interface AccountChange {
  readonly name?: string | undefined
  readonly password?: string | undefined
  readonly roles?: NewAccount['roles'] | undefined
  readonly facilities?: NewAccount['facilities'] | undefined
  readonly disabled?: boolean | undefined
}

export interface Accounts {
  /** @throws Fault `conflict` when the login is taken */
  create(by: Caller, account: NewAccount): Promise<Account>
  /** @throws Fault `not-found`, `conflict` when somebody else changed it meanwhile */
  change(by: Caller, id: string, change: AccountChange): Promise<Account>
  get(id: string): Promise<Account | undefined>
  byLogin(login: string): Promise<Account | undefined>
  list(): Promise<readonly Account[]>
}

export interface AccountsOptions {
  readonly store: Store
  readonly audit: AuditTrail
  readonly clock: Clock
  readonly passwords: Passwords
}

/** People who may sign in: records, unique by their login without regard to case. Every change is audited in the same commit. */
export function createAccounts({ store, audit, clock, passwords }: AccountsOptions): Accounts {
  const write = writer({ store, audit, clock })
  return {
    create: async (by, account) => {
      const value = { ...account, password: await passwords.hash(account.password), sessionsFrom: clock() }
      return write(by, {
        op: 'insert',
        collection: ACCOUNTS,
        id: uuid7(clock()),
        second: folded(account.login),
        value,
      })
    },
    change: async (by, id, change) => {
      const record = await store.records.get(ACCOUNTS, id)
      if (!record) throw fault('not-found', { code: 'not-found', text: `Account ${id} is not known.` })
      const { id: _, ...known } = fromRecord(record)
      const password =
        change.password === undefined ? {} : { password: await passwords.hash(change.password) }
      const ends = change.password !== undefined || change.disabled === true
      const value = {
        ...known,
        ...withoutAbsent(change),
        ...password,
        ...(ends ? { sessionsFrom: clock() } : {}),
      }
      return write(by, {
        op: 'replace',
        revision: record.revision,
        collection: ACCOUNTS,
        id,
        second: folded(known.login),
        value,
      })
    },
    ...reader(store),
  }
}

type Write = (by: Caller, change: RecordChange & { op: 'insert' | 'replace' }) => Promise<Account>

function writer({ store, audit, clock }: Omit<AccountsOptions, 'passwords'>): Write {
  return async (by, change) => {
    const time = clock()
    const row = audit.row({
      time,
      subject: by.subject,
      action: change.op === 'insert' ? 'C' : 'U',
      interaction: `account.${change.op === 'insert' ? 'create' : 'change'}`,
      entity: `account/${change.id}`,
      outcome: 'success',
      ...(by.correlation === undefined ? {} : { correlation: by.correlation }),
    })
    const result = await store.commit({
      uuid: uuid7(time),
      time,
      writes: [],
      records: [change],
      guards: [],
      audit: [row],
    })
    if (result.outcome === 'committed') return { id: change.id, ...Account.parse(change.value) }
    const taken = result.why.kind === 'record' && result.why.reason === 'second'
    throw fault('conflict', {
      code: taken ? 'duplicate' : 'conflict',
      text: taken ? 'The login is taken.' : 'The account has changed meanwhile; read it again.',
    })
  }
}

function reader({ records }: Store): Pick<Accounts, 'get' | 'byLogin' | 'list'> {
  return {
    get: async (id) => {
      const record = await records.get(ACCOUNTS, id)
      return record && fromRecord(record)
    },
    byLogin: async (login) => {
      const record = await records.bySecond(ACCOUNTS, folded(login))
      return record && fromRecord(record)
    },
    list: async () => (await records.range({ collection: ACCOUNTS, limit: PAGE })).map(fromRecord),
  }
}

function fromRecord({ id, value }: StoredRecord): Account {
  return { id, ...Account.parse(value) }
}

function withoutAbsent(change: AccountChange): Partial<NewAccount> {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
}

function folded(login: string): string {
  return login.normalize('NFKC').trim().toLowerCase()
}
