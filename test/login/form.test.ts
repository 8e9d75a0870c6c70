import t from 'tap'
import { parseForm } from '../../lib/login/form.js'

t.test('a form is read as the URL standard says', async (t) => {
  for (const [body, expected] of [
    ['', {}],
    ['logout_token=a.b.c', { logout_token: 'a.b.c' }],
    ['code=a%2Bb+c&state=%C3%A9', { code: 'a+b c', state: 'é' }],
    ['&&code=c&', { code: 'c' }],
    ['code', { code: '' }],
    ['code=', { code: '' }],
    ['=c', { '': 'c' }],
    ['code=a=b', { code: 'a=b' }],
    ['c%6Fde=c', { code: 'c' }],
    ['code=%zz%', { code: '%zz%' }],
    ['code=%ff', { code: '\uFFFD' }],
    ['code=a;state=b', { code: 'a;state=b' }],
    ['code[]=a', { 'code[]': 'a' }],
    ['?code=c', { '?code': 'c' }],
    ['code=%00', { code: '\0' }]
  ] as const) t.strictSame({ ...parseForm(body) }, expected, body)
})

t.test('a repeated member is a list', async (t) => {
  const form = parseForm('state=a&code=1&co%64e=2&code=2')
  t.strictSame({ ...form }, { state: 'a', code: ['1', '2', '2'] })
  t.ok(Object.isFrozen(form.code))
})

t.test('a form is frozen, and has the members that came and no others', async (t) => {
  const form = parseForm('__proto__=a&constructor=b&__proto__=c')
  t.equal(Object.getPrototypeOf(form), null)
  t.ok(Object.isFrozen(form))
  t.strictSame(Object.entries(form), [['__proto__', ['a', 'c']], ['constructor', 'b']])
  t.equal(parseForm('').toString, undefined)
  t.equal(({} as Record<string, unknown>).a, undefined)
})

t.test('a form of more members than anybody sends is read as an empty one', async (t) => {
  const members = (count: number) => Array.from({ length: count }, (_, index) => `m${index}=`).join('&')
  t.equal(Object.keys(parseForm(members(64))).length, 64)
  t.strictSame({ ...parseForm(members(65)) }, {})
  t.strictSame({ ...parseForm(`code=c&${'&'.repeat(1_000_000)}code=d`) }, {}, 'what is hidden behind it is not missed')
})
