import './clock.ts'
import { AuthClient } from '@supabase/auth-js'
import { world, worldUrl } from '../../pages/protocol.ts'
import { play } from './peer.ts'

const client = new AuthClient({ url: worldUrl, storageKey: world, autoRefreshToken: true, persistSession: true })
await client.initialize()

play({
  async login(username) {
    const { error } = await client.signInWithPassword({ email: `${username}@example.com`, password: 'secret' })
    if (error) throw error
  },
  async token() {
    const { data, error } = await client.getSession()
    if (data.session) return data.session.access_token
    throw error ?? new Error('login_required')
  },
  // What `getSession` goes by; but that would renew.
  isSignedIn: () => localStorage.getItem(world) !== null,
})
