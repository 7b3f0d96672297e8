import type { SigningKeys } from './access-tokens.ts'
import type { Users } from './users.ts'

/** What a server can be told; every part has a safe default. */
export interface ServerConfig {
  /** The pages that may call, as exact origins such as `http://localhost:5173`. @default none */
  origins?: readonly string[] | undefined
  /** The `iss` of the access tokens. @default 'https://auth.example.com' */
  issuer?: string | undefined
  /** The `aud` of the access tokens: the API that they are for. @default 'https://api.example.com' */
  audience?: string | undefined
  /** How long an access token is good for, in seconds. @default 900 */
  accessTokenLifetime?: number | undefined
  /** How long a sign-in lasts at most, however often it is refreshed, in seconds. @default 1_209_600 (14 days) */
  refreshTokenLifetime?: number | undefined
  /** How long the previous refresh token is answered again, for an answer that got lost. @default 0 */
  refreshGraceMs?: number | undefined
  /** Where the refresh token travels: in JSON bodies, or in an HttpOnly cookie. @default 'body' */
  refreshTokenIn?: 'body' | 'cookie' | undefined
  /** Marks the cookie `Secure` and names it `__Host-…`; `false` only for plain HTTP on loopback. @default true */
  secureCookies?: boolean | undefined
  /** Asks at every request whether the sign-in behind the access token still stands. @default false */
  checkRevocation?: boolean | undefined
  /** Adds `/control`, by which anyone can break this server on purpose; for demos and tests. @default false */
  control?: boolean | undefined
  /** Who may sign in. @default johndoe and admin */
  users?: Users | undefined
  /** The keys that sign; a real server loads them, so that tokens survive a restart. @default generated */
  keys?: SigningKeys | undefined
  /** The clock, in epoch milliseconds. @default Date.now */
  now?: (() => number) | undefined
}

type Given = 'users' | 'keys'

/** A config with its gaps filled. */
export type ResolvedConfig = {
  readonly [K in Exclude<keyof ServerConfig, Given>]-?: NonNullable<ServerConfig[K]>
} & Pick<ServerConfig, Given>

/** Says which setting is wrong, and what would be right. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/** Browsers cut the life of a cookie to 400 days. */
const longest = 400 * 24 * 60 * 60

/**
 * Fills the gaps of a config.
 *
 * @throws {@link ConfigError} when a setting makes no sense.
 */
export function resolveConfig(config: ServerConfig): ResolvedConfig {
  const {
    origins = [],
    issuer = 'https://auth.example.com',
    audience = 'https://api.example.com',
    accessTokenLifetime = 900,
    refreshTokenLifetime = 14 * 24 * 60 * 60,
    refreshGraceMs = 0,
    refreshTokenIn = 'body',
    secureCookies = true,
    checkRevocation = false,
    control = false,
    users,
    keys,
    now = Date.now,
  } = config

  for (const origin of origins) checkOrigin(origin)
  checkWhole('ACCESS_TOKEN_LIFETIME', accessTokenLifetime, 1, longest)
  checkWhole('REFRESH_TOKEN_LIFETIME', refreshTokenLifetime, 1, longest)
  checkWhole('REFRESH_GRACE_MS', refreshGraceMs, 0, 60_000)
  if (refreshTokenIn !== 'body' && refreshTokenIn !== 'cookie') {
    throw new ConfigError(`REFRESH_TOKEN_IN must be body or cookie, not ${JSON.stringify(refreshTokenIn)}.`)
  }

  return {
    origins,
    issuer,
    audience,
    accessTokenLifetime,
    refreshTokenLifetime,
    refreshGraceMs,
    refreshTokenIn,
    secureCookies,
    checkRevocation,
    control,
    users,
    keys,
    now,
  }
}

/**
 * Refuses what is not a whole number between two bounds.
 *
 * @throws {@link ConfigError}
 */
export function checkWhole(name: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new ConfigError(`${name} must be a whole number from ${min} to ${max}.`)
  }
}

function checkOrigin(origin: string): void {
  if (!URL.canParse(origin) || new URL(origin).origin !== origin || !origin.startsWith('http')) {
    throw new ConfigError(
      `ORIGINS must list exact origins such as http://localhost:5173, not ${JSON.stringify(origin)}.`,
    )
  }
}
