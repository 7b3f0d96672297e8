/** A stored session by hand: no renewal, no events, no other tabs. */
import ky from 'ky'

export async function seed(token: string): Promise<void> {
  localStorage.setItem('session', JSON.stringify({ access_token: token, refresh_token: 'refresh' }))
}

export function run(): Promise<unknown> {
  const { access_token } = JSON.parse(localStorage.getItem('session') ?? '{}')
  const api = ky.create({ prefix: '/api', timeout: 30_000, headers: { Authorization: `Bearer ${access_token}` } })
  return api.get('todos').json()
}
