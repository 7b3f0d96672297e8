import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { auth } from './client.ts'

if (import.meta.env.MODE === 'test') await import('./mocks.ts')
await auth.start()
createRoot(document.body.appendChild(document.createElement('main'))).render(<App />)
