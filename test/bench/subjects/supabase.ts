/** supabase auth-js: `getSession()`, which renews a session that has expired. */
import { AuthClient } from '@supabase/auth-js'
import { API, type Opened } from './subject.ts'

export function openSupabase(): Opened {
  const client = new AuthClient({ url: API, storageKey: 'bench', autoRefreshToken: true, persistSession: true })
  return {
    async signIn() {
      const { error } = await client.signInWithPassword({ email: 'ada@example.com', password: 'secret' })
      if (error) throw error
    },
    async token() {
      const { data, error } = await client.getSession()
      if (data.session) return data.session.access_token
      throw error ?? new Error('Nobody is signed in.')
    },
  }
}
