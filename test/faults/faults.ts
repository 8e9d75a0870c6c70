import type { OidcOptions } from '../../lib/index.js'
import type { Behaviour, TestIssuer } from '../support/issuer.js'
import { resolveOn } from './name-lookup.js'

/** A way for a key server to fail, and what the plugin must make of it. */
export interface Fault {
  readonly title: string
  begin (issuer: TestIssuer): unknown
  end (issuer: TestIssuer): unknown
  /** What of the server's answer is in `lastError`; undefined where a refresh with keys held goes well. */
  readonly cause: RegExp | undefined
  /** The same for a cold start, where it differs. */
  readonly coldCause?: RegExp
  /** Whether a fetch ends only by its deadline. */
  readonly endless?: true
  /** Seconds the server asks us to stay away. */
  readonly retryAfter?: number
  readonly provider?: (issuer: TestIssuer) => Partial<OidcOptions>
}

const LATE = /no full answer in time/
const DIFFERS = /its issuer differs/

/** Discovery and key set behave like this. */
function behaving (mode: Behaviour): Pick<Fault, 'begin' | 'end'> {
  return { begin: (issuer) => issuer.behave(mode), end: (issuer) => issuer.behave('answer') }
}

/** The discovery document names somebody else, and a key set that would serve. */
const misnamed: Pick<Fault, 'begin' | 'end'> = {
  begin: (issuer) => {
    issuer.metadata = { ...issuer.metadata, issuer: 'https://other.example', jwks_uri: `${issuer.issuer}/moved/jwks` }
  },
  end: (issuer) => {
    issuer.metadata = { ...issuer.metadata, issuer: issuer.issuer, jwks_uri: `${issuer.issuer}/jwks` }
  }
}

export const faults: readonly Fault[] = [
  { title: 'hangs before the headers', ...behaving('hang'), cause: LATE, endless: true },
  { title: 'hangs inside the body', ...behaving('hang-body'), cause: LATE, endless: true },
  { title: 'drips one byte in 100 ms', ...behaving('drip'), cause: LATE, endless: true },
  { title: 'body of 10 MB', ...behaving('huge'), cause: /more than 1048576 bytes/ },
  { title: 'status 500', ...behaving('status-500'), cause: /status 500/ },
  {
    title: 'status 429, Retry-After: 4',
    begin: (issuer) => { issuer.retryAfter = 4; issuer.behave('status-429') },
    end: (issuer) => issuer.behave('answer'),
    cause: /status 429/,
    retryAfter: 4
  },
  { title: 'HTML page', ...behaving('html'), cause: /answers HTML instead of JSON/ },
  { title: 'truncated JSON', ...behaving('truncated'), cause: /answers no JSON/ },
  { title: 'empty key set', ...behaving('empty-set'), cause: /has no usable key/ },
  { title: 'redirect to another origin', ...behaving('redirect'), cause: /redirects to another origin/ },
  { title: 'discovery names another issuer', ...misnamed, cause: undefined, coldCause: DIFFERS },
  {
    title: 'the same, and the key set answers 500',
    begin: (issuer) => { misnamed.begin(issuer); issuer.behave('status-500', 'jwks') },
    end: (issuer) => { misnamed.end(issuer); issuer.behave('answer') },
    // The address found before serves on, so either may be what failed last.
    cause: /status 500|its issuer differs/,
    coldCause: DIFFERS
  },
  {
    title: 'connection refused',
    begin: (issuer) => issuer.shut(),
    end: (issuer) => issuer.reopen(),
    cause: /ECONNREFUSED/
  },
  {
    title: 'host name does not resolve',
    begin: (issuer) => resolveOn(nameOf(issuer), false),
    end: (issuer) => resolveOn(nameOf(issuer), true),
    cause: /ENOTFOUND/,
    provider: (issuer) => {
      resolveOn(nameOf(issuer), true)
      // A kept connection would need no name.
      issuer.headers = { connection: 'close' }
      const jwksUri = `http://${nameOf(issuer)}:${new URL(issuer.issuer).port}/jwks`
      return { keys: { jwksUri }, dangerouslyAllowHttp: true }
    }
  }
]

function nameOf (issuer: TestIssuer): `${string}.invalid` {
  return `keys-${new URL(issuer.issuer).port}.invalid`
}
