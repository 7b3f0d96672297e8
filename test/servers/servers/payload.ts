/** Payload without its admin panel, on SQLite in memory: a token that buys the next one while it lives. */
import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig, getPayload, handleEndpoints } from 'payload'
import { lifetime, listen } from './listen.ts'

const config = buildConfig({
  secret: 'only-for-tests',
  db: sqliteAdapter({ client: { url: ':memory:' } }),
  collections: [{ slug: 'users', auth: { tokenExpiration: lifetime }, fields: [{ name: 'name', type: 'text' }] }],
  endpoints: [
    {
      path: '/whoami',
      method: 'get',
      handler: ({ user }: { user: { name: string } | null }) =>
        user ? Response.json({ username: user.name }) : Response.json({ errors: [] }, { status: 401 }),
    },
  ],
  graphQL: { disable: true },
  logger: { options: { level: 'silent' } },
  telemetry: false,
  typescript: { autoGenerate: false },
})
const payload = await getPayload({ config })
await payload.create({
  collection: 'users',
  data: { name: 'alice', email: 'alice@example.com', password: 'wonderland-7' },
})

let last: Promise<unknown> = Promise.resolve()

// One after another: of two logins of one person in the same moment, Payload keeps one session.
listen((request, response) => {
  last = last.then(async () => {
    const { method = 'GET', url, headers } = request
    const body = method === 'GET' ? null : Buffer.concat(await request.toArray())
    const answer = await handleEndpoints({
      config,
      request: new Request(`http://127.0.0.1${url}`, { method, headers: headers as Record<string, string>, body }),
    })
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text())
  })
})
