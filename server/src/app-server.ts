import { once } from 'node:events'
import type { IncomingMessage, RequestListener, Server } from 'node:http'
import type { AddressInfo } from 'node:net'

import { limits } from './kernel/limits.ts'

// An import of `node:http` makes a copy of all its exports; one of them loads the whole of undici, a tenth of the start and of the memory.
const { createServer } = process.getBuiltinModule('node:http')

/**
 * The listening socket comes before everything that is built on its address (port 0 takes any free port, and links, tokens and
 * references carry the address). Until `serve` is called every request is told to come back.
 */
export interface EarlyServer {
  readonly server: Server
  readonly address: string
  serve(handler: RequestListener): void
  /** Lets requests that are under way finish, for a bounded time. */
  close(): Promise<void>
}

export async function listenEarly(host: string, port: number): Promise<EarlyServer> {
  let handle: RequestListener = comeBack
  const server = createServer({ shouldUpgradeCallback }, (request, response) => {
    const { url = '' } = request
    if (!url.startsWith('/')) request.url = url.replace(SCHEME_AND_HOST, '/')
    handle(request, response)
  })
  server.requestTimeout = limits.http.requestMs
  server.listen(port, host)
  await once(server, 'listening')
  return {
    server,
    address: addressOf(server, host),
    serve: (handler) => {
      handle = handler
    },
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeIdleConnections()
      const cut = setTimeout(() => server.closeAllConnections(), limits.http.drainMs).unref()
      await closed
      clearTimeout(cut)
    },
  }
}

/** Of an absolute form, which every server has to take (RFC 9112, section 3.2.2). */
const SCHEME_AND_HOST = /^https?:\/\/[^/?#]*\/?/i

/** Any other upgrade is an offer that is passed over (RFC 9110, section 7.8): clients such as Java's ask for HTTP/2 with each first request. */
function shouldUpgradeCallback(this: Server, { headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket' && this.listenerCount('upgrade') > 0
}

const comeBack: RequestListener = (_request, response) => {
  response.writeHead(503, { 'retry-after': '1', 'content-length': '0' }).end()
}

function addressOf(server: Server, host: string): string {
  const { port } = server.address() as AddressInfo
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}
