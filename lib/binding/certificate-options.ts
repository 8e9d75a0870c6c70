import { BlockList, isIP } from 'node:net'
import type { ClientCertificateHeader } from '../../types/binding.js'
import { expected, oneOf, plainObject, refuseUnknownKeys } from '../configuration.js'

/** Where the client's certificate is found, checked. */
export type CertificateSource =
  | { readonly from: 'tls' }
  | {
    readonly from: 'header'
    /** In lower case. */
    readonly header: string
    readonly format: ClientCertificateHeader['format']
    /** Whether whoever is connected from there may say what the certificate is. */
    readonly trusts: (address: string | undefined) => boolean
  }

const USUAL_HEADERS = { rfc9440: 'client-cert', pem: 'ssl-client-cert', xfcc: 'x-forwarded-client-cert' } as const

/** @throws TypeError naming path, value and remedy */
export function readCertificateSource (path: string, value: unknown): CertificateSource {
  if (value === 'tls') return Object.freeze({ from: 'tls' })
  const { header, format, trustedProxies, ...rest } = plainObject(path, value, "write 'tls', or { format, trustedProxies } where a proxy ends TLS")
  refuseUnknownKeys(path, rest, ['header', 'format', 'trustedProxies'])
  oneOf(`${path}.format`, format, Object.keys(USUAL_HEADERS))
  const name = header ?? USUAL_HEADERS[format as ClientCertificateHeader['format']]
  if (typeof name !== 'string' || !/^[\w-]+$/.test(name)) throw expected(`${path}.header`, "a header's name", name)
  return Object.freeze({ from: 'header', header: name.toLowerCase(), format: format as ClientCertificateHeader['format'], trusts: addresses(`${path}.trustedProxies`, trustedProxies) })
}

function addresses (path: string, value: unknown): (address: string | undefined) => boolean {
  if (!Array.isArray(value) || value.length === 0) throw expected(path, 'a list of addresses the proxy connects from', value, 'anybody could say which certificate it has')
  const list = new BlockList()
  for (const entry of Array.from(value)) {
    const [, address, bits] = typeof entry === 'string' ? /^([^/]+)(?:\/(\d{1,3}))?$/.exec(entry) ?? [] : []
    const version = isIP(address ?? '')
    const most = version === 6 ? 128 : 32
    if (version === 0 || Number(bits ?? most) > most) throw expected(path, 'addresses such as 10.0.0.5 or ranges such as 10.0.0.0/8', entry)
    if (Number(bits ?? most) === 0) throw expected(path, 'addresses of proxies', entry, 'the whole internet is none')
    list.addSubnet(address!, Number(bits ?? most), version === 6 ? 'ipv6' : 'ipv4')
  }
  // A server that listens on both shows IPv4 peers as ::ffff:10.0.0.5; the list knows that they are the same.
  return (address) => address !== undefined && list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}
