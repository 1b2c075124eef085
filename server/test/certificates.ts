import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Certificate {
  readonly cert: string
  readonly key: string
}

/** Certificates of an authority of the test's own, made by openssl. Paths of PEM files. */
export interface Authority {
  readonly ca: string
  issue(name: string): Promise<Certificate>
}

export async function createAuthority(folder: string): Promise<Authority> {
  const ca = join(folder, 'ca.pem')
  const caKey = join(folder, 'ca.key')
  const subject = ['-subj', '/CN=Test Authority', '-days', '2']
  await run('openssl', ['req', '-x509', ...NEW_KEY, '-keyout', caKey, '-out', ca, ...subject])
  return {
    ca,
    async issue(name) {
      const [cert, key, request, names] = ['pem', 'key', 'csr', 'ext'].map((end) =>
        join(folder, `${name}.${end}`),
      )
      if (!cert || !key || !request || !names) throw new Error('no file names')
      await writeFile(names, `subjectAltName=DNS:${name},IP:127.0.0.1\n`)
      await run('openssl', ['req', ...NEW_KEY, '-keyout', key, '-out', request, '-subj', `/CN=${name}`])
      const signed = ['-CA', ca, '-CAkey', caKey, '-CAcreateserial', '-days', '2', '-extfile', names]
      await run('openssl', ['x509', '-req', '-in', request, '-out', cert, ...signed])
      return { cert, key }
    },
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
