/** The engines that storms run in. */
export type EngineName = 'chromium' | 'firefox' | 'webkit'

/** How an engine is to be started. */
export interface LaunchOptions {
  /** Real tabs, one of which is visible, with timers throttled as people have them. WebKit's are real as they are. */
  readonly realTabs?: boolean
}

/** A running browser. */
export interface Engine {
  readonly name: EngineName
  readonly version: string
  /** Whether it survives that the process of one of its tabs is killed. */
  readonly survivesKills: boolean
  newTab(url: string): Promise<Tab>
  /** Takes the network from all tabs, or gives it back; missing where the driver cannot. */
  readonly setOffline?: (isOffline: boolean) => Promise<void>
  close(): Promise<void>
}

/** One tab, as far as a driver reaches. */
export interface Tab {
  /** Runs `fn` in the page; it sees globals and `argument` only. */
  run<Argument, Result>(fn: (argument: Argument) => Result | Promise<Result>, argument: Argument): Promise<Result>
  goto(url: string): Promise<void>
  back(): Promise<void>
  /** Makes it the visible tab of its window, where tabs are real. */
  front(): Promise<void>
  close(): Promise<void>
  /** A copy of this tab, `sessionStorage` included, as "Duplicate tab" makes one; missing where it cannot be had. */
  readonly duplicate?: (url: string) => Promise<Tab>
  /** Freezes a hidden tab or thaws it, by the page lifecycle API; missing where there is none. */
  readonly setFrozen?: (isFrozen: boolean) => Promise<void>
}
