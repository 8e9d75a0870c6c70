/** How an entry is written. */
export interface StoreSetOptions {
  /** Write only over an entry that is there: what was deleted meanwhile does not come back by a late write. Default false. */
  readonly onlyIfPresent?: boolean | undefined
  /**
   * Names under which `deleteByIndex` finds the entry, in place of those it had. Left out, an entry that is there
   * stays under the names it has; an empty list takes it out of all.
   */
  readonly indexes?: readonly string[] | undefined
}

/**
 * Shared memory of several processes: sessions, seen proofs, logouts, leases. Keys, values and indexes are any
 * well-formed Unicode text, the empty one included.
 *
 * - An entry is there until its time is over, it is deleted or it is overwritten. Never is a live one dropped to
 *   make room: a store that is full refuses to write.
 * - Each method does all it does in one step, whoever else writes.
 * - What a method was told to write, every later call of this process sees. Whether other processes do at once, and
 *   whether it outlives a restart or a failover, the implementation says.
 * - Every method rejects with `StoreUnavailableError` where the store does not answer in time, refuses, or is full.
 *   Whether the work was done is then unknown, and it may still be done later.
 *
 * It does *not* encrypt: whoever reads the store reads the values.
 */
export interface Store {
  /**
   * Whether every process of the app sees the same entries. Features that would be unsound otherwise ask: logout
   * by the provider reaches one process of many.
   */
  readonly isShared: boolean

  /** The value of a live entry. */
  get (key: string): Promise<string | undefined>

  /**
   * Writes an entry, over one that is there too.
   *
   * @param ttl milliseconds from now, more than 0 and at most ten years
   * @returns false where `onlyIfPresent` was asked for and nothing was there
   * @throws RangeError for another `ttl`
   * @throws StoreUnavailableError
   */
  set (key: string, value: string, ttl: number, options?: StoreSetOptions): Promise<boolean>

  /** Deletes an entry, and takes it out of its indexes. One that is not there is no error. */
  delete (key: string): Promise<void>

  /**
   * Writes an entry only where none is there: of any number of concurrent calls, in any number of processes, one
   * is told true. For what may happen once (proofs, logout tokens) and for leases.
   *
   * @param value for a lease: who owns it, a text nobody else uses
   * @param ttl as in `set`
   * @throws RangeError as in `set`
   * @throws StoreUnavailableError
   */
  add (key: string, value: string, ttl: number): Promise<boolean>

  /**
   * Gives a live entry this long from now, if its value is `owner`; shorter than before, too. Its indexes stay.
   *
   * @param ttl as in `set`
   * @returns false where it is not there, or another's
   * @throws RangeError as in `set`
   * @throws StoreUnavailableError
   */
  extend (key: string, owner: string, ttl: number): Promise<boolean>

  /**
   * Deletes an entry if its value is `owner`: a lease that expired and is another's now is left alone.
   *
   * @returns false where it is not there, or another's
   */
  release (key: string, owner: string): Promise<boolean>

  /**
   * Deletes every live entry whose latest indexes have this name.
   *
   * @returns how many they were
   */
  deleteByIndex (index: string): Promise<number>
}

/** What `memoryStore()` takes. */
export interface MemoryStoreOptions {
  /** Entries held at most, and as many logouts of sessions in cookies. Default 100,000, at most 10,000,000. Their size is not counted. */
  readonly max?: number | undefined
  /** Says that the app runs as one process, which then is all that must see an entry. Default false. */
  readonly singleProcess?: boolean | undefined
}

/** What `redisStore()` takes beside the client. */
export interface RedisStoreOptions {
  /** How all its keys in Redis begin. Apps that share a Redis need different ones. Default `gatehouse:`. */
  readonly prefix?: string | undefined
  /** Milliseconds Redis has to answer a call, time in the client's queue included. Default 2000, 1 to 60,000. */
  readonly deadline?: number | undefined
}

/** What is used of a client of ioredis. */
export interface IoredisClient {
  readonly status: string
  call (command: string, ...args: string[]): Promise<unknown>
}

/** What is used of a client, or a pool of clients, of node-redis (the package `redis`). */
export interface NodeRedisClient {
  readonly isOpen: boolean
  sendCommand (command: string[], options?: { abortSignal?: AbortSignal, typeMapping?: Record<never, never> }): Promise<unknown>
}
