import type { FastifyPluginAsync } from 'fastify'
import { z } from 'zod'

import { fault } from '../kernel/fault.ts'
import type { Account, Accounts } from './accounts.ts'
import { AccountChange, type AccountView, type Me, NewAccount } from './auth.contract.ts'
import { authoriseCommand } from './authorise.ts'
import type { Caller } from './caller.ts'
import { commandsOf } from './permissions.ts'

export interface AccountRoutesOptions {
  readonly accounts: Accounts
  readonly callerOf: (authorization: string | undefined, correlation?: string) => Caller | Promise<Caller>
  readonly forget: (subject: string) => void
}

/** `me`: who am I and what may I do; `accounts`: people who may sign in. Registered below `/api/v1`, whose error handler answers. */
export function accountRoutes({ accounts, callerOf, forget }: AccountRoutesOptions): FastifyPluginAsync {
  const managerOf = async (authorization: string | undefined, correlation: string): Promise<Caller> => {
    const caller = await callerOf(authorization, correlation)
    authoriseCommand(caller, 'accounts.manage')
    // Accounts are group-wide: who is bound to some facilities could otherwise give an account more than they have.
    if (caller.facilities === 'all') return caller
    throw fault('forbidden', { code: 'forbidden', text: 'Accounts are managed for the whole group only.' })
  }
  return async (app) => {
    app.get('/me', async ({ headers, id }) => {
      const caller = await callerOf(headers.authorization, id)
      const account = caller.kind === 'person' ? await accounts.get(caller.subject) : undefined
      return meOf(caller, account?.name ?? caller.subject)
    })
    app.get('/accounts', async ({ headers, id }) => {
      await managerOf(headers.authorization, id)
      return (await accounts.list()).map(viewOf)
    })
    app.post('/accounts', async ({ headers, id, body }, reply) => {
      const caller = await managerOf(headers.authorization, id)
      return reply.code(201).send(viewOf(await accounts.create(caller, parse(NewAccount, body))))
    })
    app.patch('/accounts/:id', async ({ headers, id, body, params }) => {
      const caller = await managerOf(headers.authorization, id)
      const account = await accounts.change(
        caller,
        parse(z.object({ id: z.uuid() }), params).id,
        parse(AccountChange, body),
      )
      forget(account.id)
      return viewOf(account)
    })
  }
}

function meOf(caller: Caller, name: string): z.output<typeof Me> {
  return {
    subject: caller.subject,
    name,
    roles: [...caller.roles],
    permissions: [...commandsOf(caller.roles)],
    facilities: caller.facilities === 'all' ? 'all' : [...caller.facilities],
    fhirUser: caller.fhirUser,
    patient: caller.patient,
  }
}

function viewOf({
  id,
  login,
  name,
  roles,
  facilities,
  disabled = false,
}: Account): z.output<typeof AccountView> {
  return { id, login, name, roles, facilities, disabled }
}

function parse<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw fault('malformed', {
    code: 'invalid',
    text: issue?.message ?? 'The body is wrong.',
    at: issue?.path.join('.') ?? '',
  })
}
