import { createServer } from './app.ts'
import { readEnvironment } from './environment.ts'
import { listen } from './listen.ts'

try {
  const { config, host, port } = readEnvironment(process.env)
  const server = await listen(await createServer(config), { host, port })
  console.log(`JWT server at ${server.url}: sign in as johndoe or admin, password123.`)
  if (config.control) console.log(`Anyone can break it at ${server.url}/control.`)

  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => server.close())
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
