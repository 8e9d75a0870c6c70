import t from 'tap'
import { readCertificateSource } from '../../lib/binding/certificate-options.js'
import type { CertificateSource } from '../../lib/binding/certificate-options.js'
import { mistake } from '../support/mistake.js'

const PATH = 'gatehouse.clientCertificate'
const PROXIES = ['10.0.0.5']

function read (value: unknown): CertificateSource {
  return readCertificateSource(PATH, value)
}

/** Whether peers with these addresses are believed. */
function trusted (trustedProxies: unknown, ...addresses: Array<string | undefined>): boolean[] {
  const source = read({ format: 'pem', trustedProxies })
  return addresses.map((address) => source.from === 'header' && source.trusts(address))
}

t.test('each format has the header that is usual for it, and any other can be named', async (t) => {
  t.strictSame(read('tls'), { from: 'tls' })
  for (const [format, header] of [['rfc9440', 'client-cert'], ['pem', 'ssl-client-cert'], ['xfcc', 'x-forwarded-client-cert']]) {
    t.match(read({ format, trustedProxies: PROXIES }), { from: 'header', format, header })
  }
  t.match(read({ format: 'pem', header: 'X-Amzn-Mtls-Clientcert', trustedProxies: PROXIES }), { header: 'x-amzn-mtls-clientcert' })
  t.match(read({ format: 'pem', header: undefined, trustedProxies: PROXIES }), { header: 'ssl-client-cert' })
})

t.test('what is read is frozen, and later changes of what was given change nothing', async (t) => {
  const given = { format: 'pem', trustedProxies: ['10.0.0.5'] }
  const source = read(given)
  given.trustedProxies.push('10.0.0.6')
  t.ok(Object.isFrozen(source))
  t.ok(Object.isFrozen(read('tls')))
  t.equal(source.from === 'header' && source.trusts('10.0.0.6'), false)
})

t.test('addresses and ranges of both versions are trusted, and nothing else', async (t) => {
  t.strictSame(trusted(['10.0.0.5'], '10.0.0.5', '10.0.0.6', '10.0.0.50', undefined, ''), [true, false, false, false, false])
  t.strictSame(trusted(['10.0.0.0/8', '192.168.1.0/31'], '10.255.0.1', '11.0.0.1', '192.168.1.1', '192.168.1.2'), [true, false, true, false])
  t.strictSame(trusted(['10.128.0.0/9'], '10.127.255.255', '10.128.0.0'), [false, true])
  t.strictSame(trusted(['::1', '2001:db8::/33'], '::1', '0:0:0:0:0:0:0:1', '::2', '2001:db8:7fff::1', '2001:db8:8000::1', '10.0.0.5'), [true, true, false, true, false, false])
})

t.test('an IPv4 address is the same written as an IPv6 one', async (t) => {
  t.strictSame(trusted(['10.0.0.0/8'], '::ffff:10.0.0.5', '::ffff:a00:5', '::ffff:11.0.0.1', '::10.0.0.5'), [true, true, false, false])
  t.strictSame(trusted(['::ffff:10.0.0.5'], '10.0.0.5', '::ffff:10.0.0.5', '10.0.0.6'), [true, true, false])
})

t.test('a link-local peer is known whatever interface it comes by', async (t) => {
  t.strictSame(trusted(['fe80::/10'], 'fe80::1%eth0', 'fe80::1', 'fec0::1%eth0'), [true, true, false])
})

t.test('a wrong option is refused by name', async (t) => {
  const addresses = 'expected addresses such as 10.0.0.5 or ranges such as 10.0.0.0/8, got'
  const internet = "expected addresses of proxies, got '%'; the whole internet is none"
  for (const [value, text] of [
    ['nginx', ": expected an object, got 'nginx'; write 'tls', or { format, trustedProxies } where a proxy ends TLS"],
    [null, ": expected an object, got null; write 'tls', or { format, trustedProxies } where a proxy ends TLS"],
    [[], ": expected an object, got []; write 'tls', or { format, trustedProxies } where a proxy ends TLS"],
    [{ format: 'pem', trustedProxy: PROXIES }, ': unknown key "trustedProxy"; known are header, format, trustedProxies'],
    [{ format: 'pem', trustedproxies: PROXIES }, ': unknown key "trustedproxies"; did you mean "trustedProxies"?'],
    [{ trustedProxies: PROXIES }, '.format: expected one of rfc9440, pem, xfcc, got undefined'],
    [{ format: 'nginx', trustedProxies: PROXIES }, ".format: expected one of rfc9440, pem, xfcc, got 'nginx'"],
    [{ format: 'toString', trustedProxies: PROXIES }, ".format: expected one of rfc9440, pem, xfcc, got 'toString'"],
    [{ format: 'pem', header: '', trustedProxies: PROXIES }, ".header: expected a header's name, got ''"],
    [{ format: 'pem', header: 'a b', trustedProxies: PROXIES }, ".header: expected a header's name, got 'a b'"],
    [{ format: 'pem', header: 5, trustedProxies: PROXIES }, ".header: expected a header's name, got 5"],
    [{ format: 'pem' }, '.trustedProxies: expected a list of addresses the proxy connects from, got undefined; anybody could say which certificate it has'],
    [{ format: 'pem', trustedProxies: [] }, '.trustedProxies: expected a list of addresses the proxy connects from, got []; anybody could say which certificate it has'],
    [{ format: 'pem', trustedProxies: '10.0.0.5' }, ".trustedProxies: expected a list of addresses the proxy connects from, got '10.0.0.5'; anybody could say which certificate it has"],
    [{ format: 'pem', trustedProxies: true }, '.trustedProxies: expected a list of addresses the proxy connects from, got true; anybody could say which certificate it has'],
    ...['proxy.internal', '10.0.0', '10.0.0.5:443', '10.0.0.0/33', '::1/129', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0.0/-1', ' 10.0.0.5', '', '*', '[::1]'].map((entry) => [{ format: 'pem', trustedProxies: [...PROXIES, entry] }, `.trustedProxies: ${addresses} '${entry}'`]),
    [{ format: 'pem', trustedProxies: [10] }, `.trustedProxies: ${addresses} 10`],
    // eslint-disable-next-line no-sparse-arrays
    [{ format: 'pem', trustedProxies: [,] }, `.trustedProxies: ${addresses} undefined`],
    ...['0.0.0.0/0', '::/0', '10.0.0.0/0'].map((entry) => [{ format: 'pem', trustedProxies: [entry] }, `.trustedProxies: ${internet.replace('%', entry)}`])
  ] as const) t.equal(mistake(() => read(value)), `${PATH}${text as string}`)
})
