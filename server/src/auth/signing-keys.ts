import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'

import { z } from 'zod'

import { fault } from '../kernel/fault.ts'
import type { Store, StoredRecord } from '../store/port.ts'

const KEYS = 'signing-keys'
/** Processes that start together race for this record; the one that loses takes the winner's key. */
const FIRST = '1'

/** The ES256 key of the hub with its public half as JWK. */
export interface SigningKey {
  readonly kid: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly publicJwk: Readonly<Record<string, string>>
}

const Plain = z.object({ pkcs8: z.string() })
const Sealed = z.object({ iv: z.string(), tag: z.string(), sealed: z.string() })

/**
 * Loads the signing key, or makes it at the first start.
 *
 * @param secret encrypts the key at rest (AES-256-GCM); a key that was made without it is encrypted now.
 * @throws Fault `unavailable` when the secret does not open the stored key
 */
export async function loadSigningKey(store: Store, secret: string | undefined): Promise<SigningKey> {
  const known = await store.records.get(KEYS, FIRST)
  if (known) {
    await sealPlain(store, known, secret)
    return fromRecord(known.value, secret)
  }
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' })
  const value = secret === undefined ? { pkcs8: pkcs8.toString('base64') } : seal(pkcs8, secret)
  const stored = await store.records.apply([{ op: 'insert', collection: KEYS, id: FIRST, value }])
  if (stored.outcome === 'applied') return fromPrivateKey(privateKey)
  const winner = await store.records.get(KEYS, FIRST)
  return fromRecord(winner?.value, secret)
}

/** A key that was made before there was a secret is sealed with the first that comes. */
async function sealPlain(store: Store, known: StoredRecord, secret: string | undefined): Promise<void> {
  const plain = Plain.safeParse(known.value)
  if (secret === undefined || !plain.success) return
  const value = seal(Buffer.from(plain.data.pkcs8, 'base64'), secret)
  const change = { op: 'replace', collection: KEYS, id: FIRST, revision: known.revision, value } as const
  await store.records.apply([change])
}

function fromRecord(value: unknown, secret: string | undefined): SigningKey {
  const plain = Plain.safeParse(value)
  const pkcs8 = plain.success ? Buffer.from(plain.data.pkcs8, 'base64') : unseal(Sealed.parse(value), secret)
  return fromPrivateKey(createPrivateKey({ key: pkcs8, type: 'pkcs8', format: 'der' }))
}

function fromPrivateKey(privateKey: KeyObject): SigningKey {
  const publicKey = createPublicKey(privateKey)
  const { crv = '', kty = '', x = '', y = '' } = publicKey.export({ format: 'jwk' })
  // RFC 7638: the thumbprint is taken over these members in this order.
  const kid = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url')
  return { kid, privateKey, publicKey, publicJwk: { kty, crv, x, y, kid, use: 'sig', alg: 'ES256' } }
}

function seal(bytes: Buffer, secret: string): z.output<typeof Sealed> {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', wrappingKey(secret), iv)
  const sealed = Buffer.concat([cipher.update(bytes), cipher.final()])
  return {
    iv: iv.toString('base64'),
    tag: cipher.getAuthTag().toString('base64'),
    sealed: sealed.toString('base64'),
  }
}

function unseal({ iv, tag, sealed }: z.output<typeof Sealed>, secret: string | undefined): Buffer {
  try {
    const decipher = createDecipheriv('aes-256-gcm', wrappingKey(secret ?? ''), Buffer.from(iv, 'base64'))
    decipher.setAuthTag(Buffer.from(tag, 'base64'))
    return Buffer.concat([decipher.update(Buffer.from(sealed, 'base64')), decipher.final()])
  } catch (cause) {
    throw fault('unavailable', {
      code: 'security',
      text: `The secret does not open the stored signing key: ${String(cause)}`,
    })
  }
}

function wrappingKey(secret: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, 'mogran', 'signing key', 32))
}
