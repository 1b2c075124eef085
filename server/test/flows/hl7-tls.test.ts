import { once } from 'node:events'
import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'

import { expect, it, onTestFinished } from 'vitest'

import { limits } from '../../src/kernel/limits.ts'
import { createAuthority, type Authority, type Certificate } from '../certificates.ts'
import { freshFolder } from '../fresh-store.ts'
import { admit, startEngine } from './interface-engine.ts'

interface Client {
  readonly authority: Authority
  readonly certificate?: Certificate
  readonly maxVersion?: 'TLSv1.1' | 'TLSv1.2'
}

async function open(port: number, { authority, certificate, maxVersion }: Client): Promise<TLSSocket> {
  const socket = connect({
    host: '127.0.0.1',
    port,
    ca: await readFile(authority.ca),
    ...(certificate && { cert: await readFile(certificate.cert), key: await readFile(certificate.key) }),
    ...(maxVersion && { maxVersion, minVersion: maxVersion, ciphers: 'DEFAULT@SECLEVEL=0' }),
  })
  onTestFinished(() => void socket.destroy())
  await once(socket, 'secureConnect')
  return socket
}

/** @returns the answer; rejected when the connection ends without one */
async function send(socket: TLSSocket, message: string): Promise<string> {
  const ended = once(socket, 'close').then(() => Promise.reject(new Error('closed')))
  socket.on('error', () => undefined)
  socket.write(`\x0b${message}\x1c\r`)
  const [chunk] = (await Promise.race([once(socket, 'data'), ended])) as [Buffer]
  return chunk.toString()
}

it('takes messages over TLS of at least version 1.2', async () => {
  const authority = await createAuthority(await freshFolder())
  const engine = await startEngine({ ackAt: 'committed', tls: await authority.issue('hub') })
  const socket = await open(engine.port, { authority, maxVersion: 'TLSv1.2' })
  expect(await send(socket, admit())).toContain('MSA|AA|A1')
  await expect(open(engine.port, { authority, maxVersion: 'TLSv1.1' })).rejects.toThrow(
    /alert|version|protocol/i,
  )
})

it('lets only clients with a certificate of its authority in, and of these those on the list', async () => {
  const authority = await createAuthority(await freshFolder())
  const stranger = await createAuthority(await freshFolder())
  const hub = await authority.issue('hub')
  const [ward, kitchen] = [await authority.issue('ward'), await authority.issue('kitchen')]
  const engine = await startEngine({
    ackAt: 'committed',
    tls: { ...hub, ca: authority.ca, allow: ['DNS:ward'] },
  })
  const answer = async (certificate?: Certificate) =>
    send(await open(engine.port, { authority, ...(certificate && { certificate }) }), admit())
  expect(await answer(ward)).toContain('MSA|AA|A1')
  await expect(answer(kitchen)).rejects.toThrow(/closed|alert|certificate/i)
  await expect(answer(await stranger.issue('ward'))).rejects.toThrow(/closed|alert|certificate/i)
  await expect(answer()).rejects.toThrow(/closed|alert|certificate/i)
  expect(engine.listeners.of('default')?.counts.refusedClients).toBe(3)
})

it('uses a renewed certificate without a restart, and keeps the old one when the new files are wrong', async () => {
  const folder = await freshFolder()
  const authority = await createAuthority(folder)
  const { cert, key } = await authority.issue('hub')
  const files = { cert: join(folder, 'used.pem'), key: join(folder, 'used.key') }
  await copyFile(cert, files.cert)
  await copyFile(key, files.key)
  const engine = await startEngine({ ackAt: 'committed', tls: files })
  const served = async () => {
    const socket = await open(engine.port, { authority })
    return socket.getPeerCertificate().subject.CN
  }
  const before = await open(engine.port, { authority })
  expect(await served()).toBe('hub')
  const renewed = await authority.issue('renewed')
  await copyFile(renewed.cert, files.cert)
  await expect.poll(() => engine.reported.length, { timeout: 10_000 }).toBeGreaterThan(0)
  expect(await served()).toBe('hub')
  // Two more looks at the same wrong files.
  await new Promise((resolve) => setTimeout(resolve, 2.5 * limits.hl7.certificateMs))
  expect(engine.reported).toHaveLength(1)
  const problem = () => engine.listeners.problemOf('default')
  expect(problem()).toMatch(/^New certificate files cannot be used, those before stay: .*mismatch/)
  await copyFile(renewed.key, files.key)
  await expect.poll(served, { timeout: 10_000 }).toBe('renewed')
  expect(problem()).toBeUndefined()
  expect(await send(before, admit())).toContain('MSA|AA|A1')
})
