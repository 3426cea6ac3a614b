'use strict';
// A person with a browser: signs in and approves on the org's pages, which are
// plain forms, and stops at the callback.

const named = { quot: '"', lt: '<', gt: '>', amp: '&' };
const unescape = (s) => s.replace(/&(?:#(\d+)|(\w+));/g, (all, code, name) => (code ? String.fromCodePoint(Number(code)) : named[name] || all));

async function approve(url, org, callback, deny) {
  let cookie = '';
  let at = url;
  let form = null;
  for (let i = 0; i < 10; i++) {
    const resp = await fetch(at, {
      method: form ? 'POST' : 'GET', body: form, redirect: 'manual', headers: cookie ? { cookie } : {},
    });
    const set = resp.headers.get('set-cookie');
    if (set) cookie = set.split(';')[0];
    form = null;
    const location = resp.headers.get('location');
    if (location) {
      at = new URL(location, at).toString();
      if (at.startsWith(callback)) return new URL(at).searchParams;
      continue;
    }
    const page = await resp.text();
    const action = page.match(/<form[^>]* action="([^"]*)"/);
    if (!action) throw new Error(`no form on the page: ${page}`);
    form = new URLSearchParams();
    for (const m of page.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)) {
      form.set(unescape(m[1]), unescape(m[2]));
    }
    if (page.includes('name="pw"')) {
      form.set('username', org.username);
      form.set('pw', org.password);
    } else {
      form.set(deny ? 'cancel' : 'save', '1');
    }
    at = new URL(unescape(action[1]), at).toString();
  }
  throw new Error('the pages lead nowhere');
}

module.exports = { approve };
