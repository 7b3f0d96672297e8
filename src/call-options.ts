/** What `login` takes where nothing more is known: the fields of a sign-in form. A typed form fits, an interface too. */
export type LoginFields = object

/** The arguments of `login`: none are needed where every credential is optional. */
export type LoginArguments<Credentials> = [keyof Credentials] extends [never]
  ? [credentials: Credentials, options?: LoginOptions]
  : Partial<Credentials> extends Credentials
    ? [credentials?: Credentials, options?: LoginOptions]
    : [credentials: Credentials, options?: LoginOptions]

/** How to sign in. */
export interface LoginOptions {
  /** Ends this login alone; it then rejects with the signal's reason, as `fetch` does. */
  signal?: AbortSignal | undefined
}

/** Which access token is wanted. */
export interface AccessTokenOptions {
  /**
   * The token that met a 401. If the current one is newer it is the answer, else the tokens are renewed; again at the
   * earliest in 30 s, if the new one is refused too. Where they cannot be renewed for now, the answer is the same token:
   * send the request again, and believe its 401.
   */
  rejected?: string | undefined
  /** How long the token must live at least, in milliseconds, if such a one can be had. @default 0 */
  minValidity?: number | undefined
  /**
   * Renew the tokens even if they are good: the person's rights have changed. Where there is nothing to renew them with it
   * rejects with `login_required`, and the session goes on.
   *
   * @default false
   */
  forceRefresh?: boolean | undefined
  /** Ends the wait of this caller alone. */
  signal?: AbortSignal | undefined
}

/** How to start. */
export interface StartOptions {
  /** In cookie mode, ask the server for a session even where no mark says that there was one. @default false */
  probe?: boolean | undefined
}

/** How long to listen. */
export interface ListenerOptions {
  /** Undoes the subscription when it is aborted. */
  signal?: AbortSignal | undefined
}
