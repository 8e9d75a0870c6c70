import { register } from 'node:module'
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import t from 'tap'
import { exchangeServer, exchangingApi } from '../support/exchange-server.js'
import { trusting } from '../support/guarded-api.js'

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

t.test('openid-client is loaded with the first token that is exchanged, and never without a client', async (t) => {
  const server = await exchangeServer(t)
  const without = await exchangingApi(t, server, { gatehouse: { provider: trusting(server.issuer) } })
  t.equal((await without.get(server.issuer.token())).status, 200)
  t.equal((await without.get(server.issuer.token(), '/down')).status, 500)
  const api = await exchangingApi(t, server)
  t.equal((await api.get(server.issuer.token())).status, 200)
  t.equal(receiveMessageOnPort(loaded), undefined)
  t.equal((await api.get(server.issuer.token(), '/down')).status, 200)
  t.strictSame(receiveMessageOnPort(loaded), { message: 'openid-client' })
})
