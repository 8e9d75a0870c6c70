import { register } from 'node:module'
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import t from 'tap'
import { guardedApi, trusting, unavailable } from '../support/guarded-api.js'
import { createIssuer } from '../support/issuer.js'

const { port1: loaded, port2: port } = new MessageChannel()
const hooks = `
  let port
  export function initialize (data) { port = data }
  export async function resolve (name, context, next) {
    if (name === 'openid-client') port.postMessage(name)
    return next(name, context)
  }`
register(`data:text/javascript,${encodeURIComponent(hooks)}`, { data: port, transferList: [port] })
t.teardown(() => { loaded.close() })

t.test('openid-client is loaded with the first token that is asked about, and not before', async (t) => {
  const issuer = await createIssuer({ algorithms: ['ES256'] })
  t.teardown(() => issuer.close())
  const provider = trusting(issuer, { introspection: { endpoint: 'http://127.0.0.1:1/', clientId: 'api', clientSecret: 'secret' } })
  const { get } = await guardedApi(t, issuer, { provider })
  t.equal((await get(issuer.token())).status, 200)
  t.equal(receiveMessageOnPort(loaded), undefined)
  t.strictSame(await get('opaque'), unavailable())
  t.strictSame(receiveMessageOnPort(loaded), { message: 'openid-client' })
})
