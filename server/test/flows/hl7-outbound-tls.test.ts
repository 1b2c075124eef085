import { once } from 'node:events'
import { copyFile, readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls'

import { expect, it, onTestFinished } from 'vitest'

import { systemCaller } from '../../src/auth/caller.ts'
import { readDestination } from '../../src/hl7/outbound/destination.ts'
import type { OutboundRules } from '../../src/hl7/rules/outbound-rules.ts'
import { createAuthority, type Authority, type Certificate } from '../certificates.ts'
import { freshFolder, freshStore } from '../fresh-store.ts'
import { engineOn, type Engine } from './interface-engine.ts'

const rules: OutboundRules = {
  definitions: new Map([['Order', { type: 'ServiceRequest' }]]),
  laidOver: () => rules,
  build: ({ resource, controlId }) =>
    Promise.resolve(
      `MSH|^~\\&|HUB||LAB||2026||ORM^O01|${controlId}|P|2.5.1\rORC|NW|${resource['id'] as string}\r`,
    ),
}

interface Seen {
  readonly order: string
  readonly client: string | undefined
  readonly protocol: string | null
}

/** A laboratory behind the TLS of Node, which knows nothing of the hub: it takes a frame and acknowledges it. */
async function startPeer(certificate: Certificate, options: TlsOptions = {}) {
  const [cert, key] = await Promise.all([readFile(certificate.cert), readFile(certificate.key)])
  const got: Seen[] = []
  const open = new Set<TLSSocket>()
  const server = createServer({ cert, key, ...options }, (socket) => {
    open.add(socket)
    socket.on('error', () => undefined)
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      for (let end = text.indexOf('\x1c\r'); end !== -1; end = text.indexOf('\x1c\r')) {
        const fields = text.slice(1, end).split(/[|\r]/)
        text = text.slice(end + 2)
        // Without a certificate of the client this is an empty object, whatever its type says.
        const { subject } = socket.getPeerCertificate() as { readonly subject?: { readonly CN?: string } }
        const client = subject?.CN
        got.push({ order: fields.at(-2) ?? '', client, protocol: socket.getProtocol() })
        socket.write(`\x0bMSH|^~\\&|LAB||HUB||2026||ACK|1|P|2.5.1\rMSA|AA|${fields[9] ?? ''}\r\x1c\r`)
      }
    })
  })
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const hangUp = () => open.forEach((socket) => socket.destroy())
  onTestFinished(() => {
    hangUp()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, got, hangUp, server }
}

async function mutual({ ca }: Authority): Promise<TlsOptions> {
  return { ca: await readFile(ca), requestCert: true, rejectUnauthorized: true }
}

async function engineTo(port: number, tls: object): Promise<Engine> {
  const file = { host: '127.0.0.1', port, tls, messages: ['Order'], ackSeconds: 2 }
  const destinations = [readDestination('lab', file)]
  return engineOn(await freshStore(), {}, { out: { rules, destinations } })
}

async function order(engine: Engine, id: string): Promise<void> {
  const resource = {
    resourceType: 'ServiceRequest',
    id,
    status: 'active',
    intent: 'order',
    subject: { display: 'somebody' },
  }
  await engine.resources.transact(systemCaller('tests', 'system'), {
    drafts: [{ type: 'ServiceRequest', id, method: 'PUT', resource }],
  })
}

const first = async (engine: Engine) => (await engine.outbound.outbox.list('lab', { limit: 1 }))[0]?.message

it('sends over TLS of at least version 1.2, to a server that its own authority vouches for', async () => {
  const authority = await createAuthority(await freshFolder())
  const peer = await startPeer(await authority.issue('lab'))
  const engine = await engineTo(peer.port, { ca: authority.ca })
  await order(engine, 'one')
  await expect.poll(() => peer.got).toEqual([{ order: 'one', client: undefined, protocol: 'TLSv1.3' }])
  const old = await startPeer(await authority.issue('older'), { maxVersion: 'TLSv1.2' })
  const second = await engineTo(old.port, { ca: authority.ca })
  await order(second, 'two')
  await expect.poll(() => old.got).toMatchObject([{ order: 'two', protocol: 'TLSv1.2' }])
})

it('tells nothing to a server that it cannot verify: another authority, another name, an old protocol', async () => {
  const authority = await createAuthority(await freshFolder())
  const stranger = await createAuthority(await freshFolder())
  const foreign = await startPeer(await stranger.issue('lab'))
  const misnamed = await startPeer(await authority.issue('kitchen'))
  const weak: TlsOptions = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }
  const old = await startPeer(await authority.issue('old'), weak)
  for (const [peer, tls, reason] of [
    [foreign, { ca: authority.ca }, /certificate/i],
    [foreign, {}, /certificate/i],
    [misnamed, { ca: authority.ca, name: 'lab' }, /altnames|hostname/i],
    [old, { ca: authority.ca }, /alert|version|protocol/i],
  ] as const) {
    const engine = await engineTo(peer.port, tls)
    await order(engine, 'one')
    await expect.poll(async () => (await first(engine))?.reason).toMatch(reason)
    expect(await first(engine)).toMatchObject({ state: 'queued' })
    expect(peer.got).toEqual([])
  }
})

it('shows its certificate to a server that asks for one, and waits while it has none', async () => {
  const authority = await createAuthority(await freshFolder())
  const peer = await startPeer(await authority.issue('lab'), await mutual(authority))
  const nameless = await engineTo(peer.port, { ca: authority.ca })
  await order(nameless, 'one')
  await expect.poll(() => nameless.outbound.failuresOf('lab')).toBeGreaterThan(0)
  expect(peer.got).toEqual([])
  const named = await engineTo(peer.port, { ca: authority.ca, ...(await authority.issue('hub')) })
  await order(named, 'two')
  await expect.poll(() => peer.got).toMatchObject([{ order: 'two', client: 'hub' }])
})

it('uses renewed files with the next connection, without a restart', async () => {
  const folder = await freshFolder()
  const [before, after] = [await createAuthority(folder), await createAuthority(await freshFolder())]
  const files = {
    ca: join(folder, 'used-ca.pem'),
    cert: join(folder, 'used.pem'),
    key: join(folder, 'used.key'),
  }
  const use = async (authority: typeof before, name: string): Promise<void> => {
    const issued = await authority.issue(name)
    await copyFile(authority.ca, files.ca)
    await copyFile(issued.cert, files.cert)
    await copyFile(issued.key, files.key)
  }
  await use(before, 'first')
  const peer = await startPeer(await before.issue('lab'), await mutual(before))
  const engine = await engineTo(peer.port, files)
  await order(engine, 'one')
  await expect.poll(() => peer.got).toMatchObject([{ client: 'first' }])

  // The other side changes its authority; the hub cannot reach it until its files are renewed, too.
  const renewed = await after.issue('lab')
  const [cert, key] = await Promise.all([readFile(renewed.cert), readFile(renewed.key)])
  peer.server.setSecureContext({ cert, key, ca: await readFile(after.ca) })
  peer.hangUp()
  await order(engine, 'two')
  await expect.poll(async () => (await first(engine))?.reason).toMatch(/certificate/i)
  await use(after, 'second')
  await expect
    .poll(() => peer.got, { timeout: 20_000 })
    .toMatchObject([{ client: 'first' }, { order: 'two', client: 'second' }])
}, 40_000)
