import type { Adapter, AdapterConstructor, AdapterPayload } from 'oidc-provider'

/** Keeps what a provider knows in memory; each provider has a store of its own. */
export function memoryAdapter(): AdapterConstructor {
  const store = new Map<string, AdapterPayload>()

  return class implements Adapter {
    readonly #model: string

    constructor(model: string) {
      this.#model = model
    }

    async upsert(id: string, payload: AdapterPayload, expiresIn?: number): Promise<void> {
      const exp = expiresIn === undefined ? undefined : Math.floor(Date.now() / 1000) + expiresIn
      store.set(this.#key(id), { ...payload, ...(exp !== undefined && { exp }) })
    }

    async find(id: string): Promise<AdapterPayload | undefined> {
      return store.get(this.#key(id))
    }

    async findByUid(uid: string): Promise<AdapterPayload | undefined> {
      return [...store].find(([key, payload]) => key.startsWith(this.#key('')) && payload.uid === uid)?.[1]
    }

    /** Of the device flow, which nobody uses here. */
    async findByUserCode(): Promise<undefined> {}

    async consume(id: string): Promise<void> {
      const payload = store.get(this.#key(id))
      if (payload) payload.consumed = Math.floor(Date.now() / 1000)
    }

    async destroy(id: string): Promise<void> {
      store.delete(this.#key(id))
    }

    async revokeByGrantId(grantId: string): Promise<void> {
      for (const [key, payload] of store) if (payload.grantId === grantId) store.delete(key)
    }

    #key(id: string): string {
      return `${this.#model}:${id}`
    }
  }
}
