import t from 'tap'
import { defineProvider } from '../../lib/providers/define.js'
import { isIssuer, issuerOfTenant, issuerTemplate, speaksFor, tenantOf } from '../../lib/providers/issuer-template.js'

const TEMPLATE = 'https://login.example/{tenantid}/v2.0'
const template = issuerTemplate(TEMPLATE, 'tid')!
const of = (tenant: string) => `https://login.example/${tenant}/v2.0`

t.test('an issuer is taken apart at its braces', async (t) => {
  t.strictSame({ ...template }, { before: 'https://login.example/', after: '/v2.0', claim: 'tid' })
  t.ok(Object.isFrozen(template))
  t.strictSame({ ...issuerTemplate('https://{projectid}.example', undefined) }, { before: 'https://', after: '.example', claim: undefined })
  for (const issuer of ['https://login.example', 'https://login.example/{}', 'https://login.example/{a b}', 'https://login.example/{a', '']) t.equal(issuerTemplate(issuer, 'tid'), undefined, issuer)
})

t.test('of several parts in braces only the first stands for a tenant; the rest is taken to the letter', async (t) => {
  t.strictSame({ ...issuerTemplate('https://a/{t}/{t}/end', undefined) }, { before: 'https://a/', after: '/{t}/end', claim: undefined })
  t.equal(speaksFor('https://login.example/{a}/v2.0{a}anything', of('one')), false)
  t.equal(speaksFor('https://login.example/{a}/{a}', 'https://login.example/one/'), false)
})

t.test('a tenant is put into a template as it is', async (t) => {
  t.equal(issuerOfTenant(TEMPLATE, 'one'), of('one'))
  for (const tenant of ['$&', '$1', '$`', "$'", '$$']) t.equal(issuerOfTenant(TEMPLATE, tenant), of(tenant), tenant)
})

t.test('the tenant of an issuer is the name in place of the braces', async (t) => {
  for (const tenant of ['a', 'one', '72f988bf-86f1-41af-91ab-2d7cd011db47', 'ONE', 'a_b', '0', '-', '__proto__', 'constructor']) t.equal(tenantOf(template, of(tenant)), tenant)
})

t.test('an issuer that differs elsewhere, or whose tenant is no name, has no tenant', async (t) => {
  for (const issuer of [
    TEMPLATE, of(''), of('a/b'), of('..'), of('a.b'), of('a%2Fb'), of('a b'), of('a\n'), of('ä'), of('{a}'), of('a?b'), of('a#b'), of('a@b'), of('a:b'), of('\u0000'),
    `${of('a')}/`, ` ${of('a')}`, `${of('a')} `, of('a').toUpperCase(), of('a').replace('https', 'http'), of('a').replace('example', 'example.evil'), of('a').replace('/v2.0', ''),
    'https://login.example/v2.0', 'https://login.example//v2.0', 'https://login.example/', '/v2.0', '', of('a'.repeat(300)), `${of('a')}${of('a')}`
  ]) t.equal(tenantOf(template, issuer), undefined, JSON.stringify(issuer))
})

t.test('before and after may not share a character', async (t) => {
  const overlapping = { before: 'https://a/b', after: 'b/c' }
  t.equal(tenantOf(overlapping, 'https://a/b/c'), undefined)
  t.equal(tenantOf(overlapping, 'https://a/bb/c'), undefined)
  t.equal(tenantOf(overlapping, 'https://a/bxb/c'), 'x')
})

t.test('a key speaks for the issuer it names, or for each of a template', async (t) => {
  for (const [named, issuer, speaks] of [
    [of('one'), of('one'), true],
    [of('two'), of('one'), false],
    [TEMPLATE, of('one'), true],
    [TEMPLATE, TEMPLATE, true],
    ['https://login.example/{anything}/v2.0', of('one'), true],
    ['https://login.example/{tenantid}/', of('one'), false],
    ['https://evil.example/{tenantid}/v2.0', of('one'), false],
    ['{tenantid}', of('one'), false],
    ['{tenantid}', 'one', true],
    ['', of('one'), false],
    ['https://login.example/one', of('one'), false]
  ] as const) t.equal(speaksFor(named, issuer), speaks, `${named} for ${issuer}`)
})

t.test('a provider has one issuer, or each of a template', async (t) => {
  const define = (issuer: string, tenants?: { claim: string | undefined }) => defineProvider('test()', {
    name: 'test', issuer, audience: 'api', remedies: { issuer: '', audience: '' }, settings: {}, keys: { jwksUri: 'https://login.example/keys' }, ...(tenants === undefined ? {} : { tenants })
  })
  const one = define('https://login.example')
  t.strictSame(['https://login.example', 'https://login.example/', of('one')].map((issuer) => isIssuer(one, issuer)), [true, false, false])
  const many = define(TEMPLATE, { claim: 'tid' })
  t.strictSame([of('one'), of('two'), TEMPLATE, 'https://login.example'].map((issuer) => isIssuer(many, issuer)), [true, true, false, false])
})
