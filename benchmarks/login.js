/** What the app is called at the issuer. */
export const client = { clientId: 'web', clientSecret: 'not a secret' }

/** Logs a browser in at a server of servers/login.js; resolves to the Cookie header it sends from then on. */
export async function logIn (port) {
  const jar = new Map()
  const { searchParams: asked } = new URL(await visit(port, '/login', jar))
  // The person agrees; the issuer takes the nonce for its code.
  await visit(port, `/callback?${new URLSearchParams({ code: asked.get('nonce'), state: asked.get('state') })}`, jar)
  // Some seconds later.
  jar.delete('__Host-gatehouse-arrived')
  if (jar.size !== 1) throw new Error(`expected a session in one cookie, got ${[...jar.keys()].join(', ') || 'none'}`)
  return headerOf(jar)
}

// Opens a page that redirects, keeps what its answer sets, and resolves to where it leads.
async function visit (port, path, jar) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'manual', headers: jar.size === 0 ? {} : { cookie: headerOf(jar) } })
  if (response.status !== 302) throw new Error(`${path.split('?')[0]} answered ${response.status}: ${await response.text()}`)
  for (const line of response.headers.getSetCookie()) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)
    if (value === '') jar.delete(name)
    else jar.set(name, value)
  }
  return response.headers.get('location')
}

const headerOf = (jar) => Array.from(jar, (pair) => pair.join('=')).join('; ')
