/** The network of this page, which can be cut off. */
export const network = {
  /** While true, calls fail as they do without a network. */
  isOffline: false,
}

/** For the `fetch` option of the client. */
export const networkFetch: typeof fetch = async (input, init) => {
  if (network.isOffline) throw new TypeError('Failed to fetch (the page plays offline)')
  return fetch(input, init)
}
