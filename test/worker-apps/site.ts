import { readFile } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import { extname, join } from 'node:path'
import { type Listening, listen } from '../support/listen.ts'

/** A web server of one app. */
export interface Site extends Listening {
  /** Who answers; to be set once the app is built, which needs to know its origin first. */
  serve: RequestListener
}

const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' }

/** Starts a server on a free port of loopback. */
export async function openSite(): Promise<Site> {
  const server = await listen((request, response) => site.serve(request, response))
  const site: Site = { ...server, serve: (_request, response) => response.writeHead(503).end() }
  return site
}

/** Answers with the files of a folder, all with the same further headers. */
export function filesOf(folder: string, headers: Readonly<Record<string, string>> = {}): RequestListener {
  return async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const path = pathname.endsWith('/') ? `${pathname}index.html` : pathname
    try {
      const content = await readFile(join(folder, path))
      response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream', ...headers })
      response.end(content)
    } catch {
      response.writeHead(404, headers).end()
    }
  }
}
