import type { Start } from './start.ts'

/** A server: its package, how it is started, and what it does by its nature. */
export interface Server extends Start {
  readonly name: string
  /** The package whose version is meant: from npm, unless there is a list of Debian packages. */
  readonly package: string
  /** The Debian packages that it needs. */
  readonly debian?: readonly string[]
  /** What alice signs in with. */
  readonly form: object
  /** A protected route, which answers with the `username` alice. */
  readonly me: string
  /** What the server answers to a wrong password. */
  readonly wrongPassword: number
  /** A login is followed by a call that buys the first access token. */
  readonly isTwoSteps?: boolean
  /** What renews a token: another one each time, the same each time, a token that has not expired, or nothing. */
  readonly renewsBy: 'rotating' | 'lasting' | 'living' | 'nothing'
  /** What the server answers where a token that is spent, expired or signed out is to buy another one. */
  readonly refusal?: number
  /** What the server answers to a sign-out; `undefined` where it cannot be told. */
  readonly logout: number | undefined
  /** A sign-out ends the refresh token. */
  readonly endsAtLogout: boolean
}

const node = process.execPath
const python = '/usr/bin/python3'
const byName = { form: { username: 'alice', password: 'wonderland-7' } }
const byEmail = { form: { email: 'alice@example.com', password: 'wonderland-7' } }

const drf = {
  command: python,
  file: 'simple_jwt.py',
  package: 'python3-djangorestframework-simplejwt',
  debian: ['python3-djangorestframework-simplejwt'],
  ...byName,
  me: '/api/me/',
  wrongPassword: 401,
  refusal: 401,
}
const express = {
  command: node,
  file: 'express-oauth-server.ts',
  package: '@node-oauth/express-oauth-server',
  ...byName,
  me: '/api/me',
  wrongPassword: 400,
  refusal: 400,
  logout: 200,
  endsAtLogout: true,
} as const

const better = {
  command: node,
  file: 'better-auth.ts',
  package: 'better-auth',
  ...byEmail,
  me: '/api/me',
  wrongPassword: 401,
  isTwoSteps: true,
  renewsBy: 'lasting',
  refusal: 401,
  logout: 200,
  endsAtLogout: true,
} as const

export const servers = [
  {
    ...drf,
    name: 'Simple JWT, rotating',
    renewsBy: 'rotating',
    logout: 200,
    endsAtLogout: true,
  },
  {
    ...drf,
    name: 'Simple JWT, not rotating',
    env: { ROTATE: '0' },
    renewsBy: 'lasting',
    logout: 200,
    endsAtLogout: true,
  },
  {
    ...drf,
    name: 'Simple JWT, sliding',
    renewsBy: 'living',
    logout: undefined,
    endsAtLogout: false,
  },
  { ...express, name: 'express-oauth-server, rotating', renewsBy: 'rotating' },
  { ...express, name: 'express-oauth-server, not rotating', env: { ROTATE: '0' }, renewsBy: 'lasting' },
  {
    name: 'Feathers',
    command: node,
    file: 'feathers.ts',
    package: '@feathersjs/feathers',
    ...byEmail,
    me: '/me',
    wrongPassword: 401,
    renewsBy: 'nothing',
    logout: 200,
    endsAtLogout: false,
  },
  { ...better, name: 'better-auth, token' },
  { ...better, name: 'better-auth, cookie' },
  {
    name: 'Payload',
    command: node,
    file: 'payload.ts',
    package: 'payload',
    ...byEmail,
    me: '/api/whoami',
    wrongPassword: 401,
    renewsBy: 'living',
    refusal: 403,
    logout: 200,
    endsAtLogout: true,
  },
  {
    name: 'LoopBack 4',
    command: node,
    file: 'loopback.ts',
    package: '@loopback/authentication-jwt',
    ...byEmail,
    me: '/whoAmI',
    wrongPassword: 401,
    renewsBy: 'lasting',
    logout: undefined,
    endsAtLogout: false,
  },
  {
    name: 'django-oauth-toolkit',
    command: python,
    file: 'django_oauth_toolkit.py',
    package: 'python3-django-oauth-toolkit',
    debian: ['python3-django-oauth-toolkit', 'python3-djangorestframework'],
    ...byName,
    me: '/api/me/',
    wrongPassword: 400,
    renewsBy: 'rotating',
    refusal: 400,
    logout: 200,
    endsAtLogout: true,
  },
  {
    name: 'Doorkeeper',
    command: '/usr/bin/ruby',
    file: 'doorkeeper.rb',
    package: 'ruby-doorkeeper',
    debian: ['ruby-doorkeeper', 'ruby-activerecord', 'ruby-railties', 'ruby-sqlite3', 'ruby-webrick'],
    ...byName,
    me: '/api/me',
    wrongPassword: 400,
    renewsBy: 'rotating',
    refusal: 400,
    logout: 200,
    endsAtLogout: true,
  },
] as const satisfies readonly Server[]

export type ServerName = (typeof servers)[number]['name']
