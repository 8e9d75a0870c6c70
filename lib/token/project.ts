import type { FetchOptions } from '../../types/options.js'
import type { ProjectLocation, Provider } from '../../types/provider.js'
import { issuerOfTenant } from '../providers/issuer-template.js'
import { fetchJson, FetchFailure, shown } from './fetch-json.js'
import { usableKeys } from './key-set.js'
import type { VettedSet } from './jwks.js'

/** Trusted domains at most: each is compared on every unsafe request with a cookie. */
const MOST_DOMAINS = 1_000

/** The project a configuration is of. */
export interface Project {
  /** `project_…` */
  readonly id: string
  /** Domains of pages that may act with the project's cookies, in lower case. */
  readonly trustedDomains: readonly string[]
}

/** A project's keys, each for tokens of its issuer alone. */
export interface ProjectKeys extends VettedSet {
  readonly project: Project
  /** Seconds. */
  readonly maxAge: number
}

/**
 * A project's configuration: its keys, and the id that its issuer and its cookies are named after.
 *
 * @throws FetchFailure also where the project has no key that can verify: its tokens cannot be judged then
 */
export async function fetchProject ({ url, refreshInterval }: ProjectLocation, provider: Provider, fetchOptions: FetchOptions, signal: AbortSignal): Promise<ProjectKeys> {
  const { body } = await fetchJson(url, fetchOptions, provider.dangerouslyAllowHttp, signal).catch((error: FetchFailure) => { throw judged(error) })
  const { projectId, keys, trustedDomains } = body
  if (typeof projectId !== 'string' || !/^project_[0-9a-z]{1,100}$/.test(projectId)) throw new FetchFailure(`${shown(url)}: has no projectId`)
  const set = usableKeys(url, keys, provider.algorithms)
  const issuer = issuerOfTenant(provider.issuer, projectId.replaceAll('_', '-'))
  return {
    // The issuer it was fetched for: what a key says of itself cannot make it another project's.
    keys: set.keys.map((key) => ({ ...key, issuer })),
    dropped: set.dropped,
    maxAge: refreshInterval,
    project: { id: projectId, trustedDomains: domains(trustedDomains) }
  }
}

/** What is no domain is left out: it could not be any page's. */
function domains (value: unknown): readonly string[] {
  if (!Array.isArray(value)) return []
  return value
    .filter((domain) => typeof domain === 'string' && /^[a-z0-9.-]{1,253}(:\d{1,5})?$/i.test(domain))
    .slice(0, MOST_DOMAINS)
    .map((domain: string) => domain.toLowerCase())
}

/** Only these say that the key is wrong; another 4xx may come from whatever stands between. */
function judged (error: FetchFailure): FetchFailure {
  return new FetchFailure(error.message, { ...error, isRefusal: error.status === 400 || error.status === 404 })
}
