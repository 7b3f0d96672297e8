// @vitest-environment node
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { createServer } from '../../../examples/server/app.ts'
import { ConfigError } from '../../../examples/server/config.ts'
import { readEnvironment } from '../../../examples/server/environment.ts'

const main = fileURLToPath(new URL('../../../examples/server/main.ts', import.meta.url))

function run(env: Record<string, string>) {
  const child = spawn(process.execPath, [main], { env: { ...process.env, ...env }, stdio: 'pipe' })
  onTestFinished(() => void child.kill())
  return child
}

it('listens on loopback, without control, when nothing is set', () => {
  const { host, port, config } = readEnvironment({ PORT: '', CONTROL: ' ' })

  expect({ host, port }).toEqual({ host: '127.0.0.1', port: 8787 })
  expect(config).toMatchObject({ accessTokenLifetime: 900, refreshGraceMs: 0, refreshTokenIn: 'body', control: false })
})

it('reads every setting', () => {
  const { host, port, config } = readEnvironment({
    HOST: '::1',
    PORT: '9000',
    ORIGINS: 'http://localhost:3000, https://app.example.com',
    ACCESS_TOKEN_LIFETIME: '30',
    REFRESH_TOKEN_LIFETIME: '3600',
    REFRESH_GRACE_MS: '500',
    REFRESH_TOKEN_IN: 'cookie',
    CONTROL: '1',
  })

  expect({ host, port }).toEqual({ host: '::1', port: 9000 })
  expect(config).toMatchObject({
    origins: ['http://localhost:3000', 'https://app.example.com'],
    accessTokenLifetime: 30,
    refreshTokenLifetime: 3600,
    refreshGraceMs: 500,
    refreshTokenIn: 'cookie',
    control: true,
  })
})

it.each([
  ['HOST', '0.0.0.0'],
  ['HOST', '127.evil.example'],
  ['PORT', '99999'],
  ['ORIGINS', '*'],
  ['ORIGINS', 'http://localhost:5173/'],
  ['ACCESS_TOKEN_LIFETIME', '15m'],
  ['ACCESS_TOKEN_LIFETIME', '0'],
  ['REFRESH_TOKEN_LIFETIME', '-1'],
  ['REFRESH_GRACE_MS', '1.5'],
  ['REFRESH_TOKEN_IN', 'localStorage'],
  ['CONTROL', 'maybe'],
])('refuses %s=%s, naming it', (name, value) => {
  expect(() => readEnvironment({ [name]: value })).toThrow(ConfigError)
  expect(() => readEnvironment({ [name]: value })).toThrow(name)
})

it('refuses a bad config given in code', async () => {
  await expect(createServer({ accessTokenLifetime: Number.NaN })).rejects.toThrow(ConfigError)
})

it('starts with one command, and stops when told', async () => {
  const child = run({ PORT: '0' })
  const [output] = await once(child.stdout, 'data')
  const url = /http:\S+\d/.exec(String(output))?.[0]

  expect((await fetch(`${url}/public`)).status).toBe(200)

  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
})

it('leaves with 1 and a clear line when a setting is wrong', async () => {
  const child = run({ ACCESS_TOKEN_LIFETIME: 'soon' })
  let output = ''
  child.stderr.on('data', (chunk) => {
    output += chunk
  })

  const [code] = await once(child, 'close')

  expect(code).toBe(1)
  expect(output).toBe('ACCESS_TOKEN_LIFETIME must be a whole number from 1 to 34560000.\n')
})
