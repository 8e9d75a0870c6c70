import type { IssuerTemplate, Provider } from '../../types/provider.js'

const PLACEHOLDER = /\{\w+\}/

/** An issuer with one part in braces, taken apart; undefined for an issuer without. */
export function issuerTemplate (issuer: string, claim: string | undefined): IssuerTemplate | undefined {
  const placeholder = PLACEHOLDER.exec(issuer)
  if (placeholder === null) return undefined
  const { index, 0: { length } } = placeholder
  return Object.freeze({ before: issuer.slice(0, index), after: issuer.slice(index + length), claim })
}

/** The issuer with this in place of the part in braces. */
export function issuerOfTenant (template: string, tenant: string): string {
  return template.replace(PLACEHOLDER, () => tenant)
}

/** The part of an issuer that stands where the template has its braces; undefined if the rest differs, or the part is no name. */
export function tenantOf ({ before, after }: Pick<IssuerTemplate, 'before' | 'after'>, issuer: string): string | undefined {
  if (issuer.length > 300 || !issuer.startsWith(before) || !issuer.endsWith(after)) return undefined
  const tenant = issuer.slice(before.length, issuer.length - after.length)
  return issuer.length > before.length + after.length && /^[\w-]+$/.test(tenant) ? tenant : undefined
}

/** Whether a key that names this issuer, or issuers, may speak for the one a token names. */
export function speaksFor (named: string, issuer: string): boolean {
  if (named === issuer) return true
  const template = issuerTemplate(named, undefined)
  return template !== undefined && tenantOf(template, issuer) !== undefined
}

/** Whether a token of this issuer may be this provider's. */
export function isIssuer (provider: Provider, issuer: string): boolean {
  return provider.issuerTemplate === undefined ? provider.issuer === issuer : tenantOf(provider.issuerTemplate, issuer) !== undefined
}
