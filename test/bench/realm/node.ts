/** The realm in a process of its own, which is told what to do by messages. */
import { type Realm, realm } from './realm.ts'

process.on('message', async ({ name, args }: { name: keyof Realm; args: never[] }) => {
  const cpu = process.cpuUsage()
  try {
    const result = await (realm[name] as (...args: never[]) => Promise<unknown>)(...args)
    const { user, system } = process.cpuUsage(cpu)
    process.send?.({ result, cpu: (user + system) / 1000 })
  } catch (error) {
    process.send?.({ error: String(Object(error).stack ?? error) })
  }
})
