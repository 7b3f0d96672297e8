/** What `vue-tsc` and editors know of the wrapper in examples/vue; compiled, never run. */
import type { Claims, KyInstance } from 'latchkey'
import { expectTypeOf } from 'vitest'
import { createApp } from 'vue'
import type { RouteRecordRaw } from 'vue-router'
import { createAuth, useAuth } from '../../examples/vue/auth.ts'
import { type Client, createClient, type User } from '../../examples/vue/client.ts'

const { state, status, user, claims, hasRole, login, http } = useAuth()

expectTypeOf(status.value).toEqualTypeOf<'loading' | 'authenticated' | 'unauthenticated'>()
expectTypeOf(user.value).toEqualTypeOf<User | undefined>()
expectTypeOf(claims.value).toEqualTypeOf<Claims | undefined>()
expectTypeOf(claims.value?.roles).toEqualTypeOf<readonly string[] | undefined>()
expectTypeOf(state.value).toEqualTypeOf<Client['state']>()
expectTypeOf(hasRole).toEqualTypeOf<(role: string) => boolean>()
expectTypeOf(http).toEqualTypeOf<KyInstance>()
expectTypeOf(login).toEqualTypeOf<Client['login']>()
createApp({}).use(createAuth(createClient('https://api.example.com')))

// @ts-expect-error: a sign-in needs the password, too
void login({ username: 'johndoe' })
// @ts-expect-error: who is signed in is not for the app to say
user.value = undefined
// @ts-expect-error: roles are a list
const wrong: RouteRecordRaw = { path: '/', redirect: '/', meta: { title: '', roles: 'admin' } }
void wrong
