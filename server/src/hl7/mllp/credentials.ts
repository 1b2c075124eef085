import { readFile } from 'node:fs/promises'
import type { SecureContextOptions, TLSSocket, TlsOptions } from 'node:tls'
import { createSecureContext } from 'node:tls'

import { limits } from '../../kernel/limits.ts'

/** PEM files of a TLS endpoint. */
export interface TlsFiles {
  readonly cert: string
  readonly key: string
  /** Authorities that the other side's certificate must come from. */
  readonly ca?: string | undefined
  /** Clients that may connect: `CN=`, `DNS:`, `IP:`, `URI:`, `email:` as in the certificate, or `sha256:` with the fingerprint. */
  readonly allow?: readonly string[] | undefined
}

export type Credentials = TlsOptions & SecureContextOptions

export interface WatchedCredentials {
  readonly credentials: Credentials
  /** Told of every new and usable set of files. */
  follow(use: (credentials: Credentials) => void): void
  /** Why the files of now are not used. */
  problem(): string | undefined
  readonly stop: () => void
}

/**
 * Reads the files, and again when they change: a certificate is renewed without a restart, and connections that are open stay.
 *
 * @param report told of files that cannot be used; the ones before stay.
 * @throws Error when the files cannot be used at all
 */
export async function watchCredentials(
  files: TlsFiles,
  report: (error: unknown) => void,
): Promise<WatchedCredentials> {
  let current = await read(files)
  let uses: ((credentials: Credentials) => void)[] = []
  let told: string | undefined
  const tell = (error: unknown) => {
    // Once, not at each look.
    const text = error instanceof Error ? error.message : String(error)
    if (told !== text) report(error)
    told = text
  }
  const look = async () => {
    const fresh = await read(files)
    told = undefined
    if (String(fresh.cert) === String(current.cert) && String(fresh.ca) === String(current.ca)) return
    current = fresh
    for (const use of uses) use(fresh)
  }
  const timer = setInterval(() => void look().catch(tell), limits.hl7.certificateMs).unref()
  return {
    credentials: current,
    follow: (use) => {
      uses = [...uses, use]
    },
    problem: () => told && `New certificate files cannot be used, those before stay: ${told}.`,
    stop: () => clearInterval(timer),
  }
}

async function read({ cert, key, ca }: TlsFiles): Promise<Credentials> {
  const [certBytes, keyBytes, caBytes] = await Promise.all([
    readFile(cert),
    readFile(key),
    ca === undefined ? undefined : readFile(ca),
  ])
  const credentials: Credentials = {
    cert: certBytes,
    key: keyBytes,
    minVersion: 'TLSv1.2',
    ...(caBytes === undefined ? {} : { ca: caBytes, requestCert: true, rejectUnauthorized: true }),
  }
  // A certificate without its key, or half a file, must not replace what works.
  createSecureContext(credentials)
  return credentials
}

/** Whether the client's certificate is one of the list; without a list every client whose certificate was verified is. */
export function isAllowed(socket: TLSSocket, allow: readonly string[] | undefined): boolean {
  if (allow === undefined) return true
  if (!socket.authorized) return false
  const { subject, subjectaltname = '', fingerprint256 } = socket.getPeerCertificate()
  const commonNames = [subject.CN].flat().map((name) => `CN=${name ?? ''}`)
  const names = new Set([
    ...commonNames,
    ...alternativeNames(subjectaltname),
    `sha256:${fingerprint256.replaceAll(':', '').toLowerCase()}`,
  ])
  return allow.some((name) => names.has(name.startsWith('sha256:') ? fingerprint(name) : name))
}

function fingerprint(name: string): string {
  return name.replace('sha256:', '').replaceAll(':', '').toLowerCase().replace(/^/, 'sha256:')
}

/** `DNS:a, IP Address:10.0.0.1, URI:urn:x`: quoted names hold separators and are never taken apart. */
function alternativeNames(text: string): readonly string[] {
  const found = text.match(/(?:[^,"]|"(?:[^"\\]|\\.)*")+/g) ?? []
  return found.map((name) => name.trim().replace(/^IP Address:/, 'IP:'))
}
