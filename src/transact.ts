/**
 * Works on one object store of a database of ours, in one transaction. The database is opened for each anew: some engines
 * lose a connection while a page sleeps, and one that is held would keep an app from deleting its databases.
 */
export function transact(
  name: string,
  store: string,
  mode: IDBTransactionMode,
  work: (objects: IDBObjectStore) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(name)
    opening.onupgradeneeded = () => opening.result.createObjectStore(store)
    opening.onerror = () => reject(opening.error)
    opening.onsuccess = () => {
      const database = opening.result
      try {
        const transaction = database.transaction(store, mode)
        transaction.oncomplete = () => resolve()
        transaction.onabort = () => reject(transaction.error)
        work(transaction.objectStore(store))
      } catch (error) {
        reject(error)
      } finally {
        // It waits for the transaction.
        database.close()
      }
    }
  })
}
