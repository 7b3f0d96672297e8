import { once } from 'node:events'
import {
  createServer as createHttpServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, connect, createServer as createTcpServer, type Server as TcpServer } from 'node:net'
import { createCertificate } from './threat-certificate.ts'

/** A request as it arrived, whatever the browser meant it to be. */
export interface Seen {
  /** With the scheme that was spoken, and the host that was asked for. */
  readonly url: string
  readonly method: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A port that speaks both `https:` and `http:`, for any host. */
export interface Gate {
  readonly port: number
  close(): Promise<void>
}

export type Answerer = (seen: Seen, response: ServerResponse, request: IncomingMessage) => unknown

const HANDSHAKE = 0x16

/** Opens a gate on loopback; `answer` gets each request with its body read. */
export async function openGate(answer: Answerer): Promise<Gate> {
  const hear =
    (scheme: string) =>
    async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const { method = '', headers, url = '' } = request
      try {
        let body = ''
        for await (const chunk of request.setEncoding('utf8')) body += chunk
        await answer({ url: `${scheme}//${headers.host}${url}`, method, headers, body }, response, request)
      } catch {
        response.destroy()
      }
    }
  const encrypted = createHttpsServer(createCertificate(), hear('https:')) as unknown as Server
  const plain = createHttpServer(hear('http:'))
  const ports = await Promise.all([encrypted, plain].map(listen))
  const door = createTcpServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', (first) => {
      const inner = connect({ port: ports[first[0] === HANDSHAKE ? 0 : 1] as number, host: '127.0.0.1' })
      inner.on('error', () => socket.destroy())
      socket.on('close', () => inner.destroy())
      inner.on('close', () => socket.destroy())
      inner.write(first)
      socket.pipe(inner).pipe(socket)
    })
  })
  const port = await listen(door)
  return {
    port,
    async close() {
      for (const server of [encrypted, plain]) {
        server.closeAllConnections()
        server.close()
      }
      door.close()
      await once(door, 'close')
    },
  }
}

async function listen(server: TcpServer): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
