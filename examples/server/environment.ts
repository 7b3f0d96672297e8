import { isIPv4 } from 'node:net'
import { ConfigError, checkWhole, type ResolvedConfig, resolveConfig } from './config.ts'

/** What the environment says: how the server behaves, and where it listens. */
export interface Environment {
  readonly config: ResolvedConfig
  readonly host: string
  readonly port: number
}

/**
 * Reads the settings of the demo from environment variables; an empty one counts as absent.
 *
 * @throws {@link ConfigError} naming the variable that is wrong.
 */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): Environment {
  const text = (name: string): string | undefined => env[name]?.trim() || undefined
  const number = (name: string): number | undefined => {
    const value = text(name)
    return value === undefined ? undefined : Number(value)
  }

  const host = text('HOST') ?? '127.0.0.1'
  if (!isLoopback(host)) {
    throw new ConfigError(`HOST must be a loopback address such as 127.0.0.1, not ${JSON.stringify(host)}.`)
  }
  const port = number('PORT') ?? 8787
  checkWhole('PORT', port, 0, 65_535)

  const config = resolveConfig({
    origins: (text('ORIGINS') ?? 'http://localhost:5173,http://127.0.0.1:5173')
      .split(',')
      .map((origin) => origin.trim()),
    accessTokenLifetime: number('ACCESS_TOKEN_LIFETIME'),
    refreshTokenLifetime: number('REFRESH_TOKEN_LIFETIME'),
    refreshGraceMs: number('REFRESH_GRACE_MS'),
    refreshTokenIn: text('REFRESH_TOKEN_IN') as 'body' | 'cookie' | undefined,
    control: readFlag('CONTROL', text('CONTROL')),
    // Plain HTTP on loopback, and a demo in which "revoke the session" should be seen at once.
    secureCookies: false,
    checkRevocation: true,
  })
  return { config, host, port }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}

function readFlag(name: string, value: string | undefined): boolean | undefined {
  if (value === undefined) return undefined
  if (value === '1' || value === 'true') return true
  if (value === '0' || value === 'false') return false
  throw new ConfigError(`${name} must be 1 or 0, not ${JSON.stringify(value)}.`)
}
