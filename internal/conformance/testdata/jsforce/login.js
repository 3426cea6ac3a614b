'use strict';
const crypto = require('crypto');
const { approve } = require('./person');

const callback = 'http://localhost:1717/callback';

const oauth = (jsforce, org, more) => new jsforce.OAuth2({
  loginUrl: org.url, clientId: org.client_id, clientSecret: org.client_secret, redirectUri: callback, ...more,
});

// webServer: authorize with PKCE, use the token, let it expire, refresh, revoke.
async function webServer({ jsforce, org, attempt }) {
  const oauth2 = oauth(jsforce, org, { useVerifier: true });
  const url = oauth2.getAuthorizationUrl({ scope: 'api id refresh_token', state: 'a b&c' });
  const back = await approve(url, org, callback);
  const conn = new jsforce.Connection({ oauth2, version: '60.0' });
  const user = await conn.authorize(back.get('code'));
  const refreshed = [];
  conn.on('refresh', (token) => refreshed.push(token));
  const first = conn.accessToken;
  const before = await conn.query('SELECT Id FROM User');
  const spare = new jsforce.Connection({ oauth2: oauth(jsforce, org), instanceUrl: conn.instanceUrl, refreshToken: conn.refreshToken, accessToken: 'dead', version: '60.0' });
  const spareUsers = await spare.query('SELECT Id FROM User'); // 401, refresh, again
  const identity = await conn.identity();
  const again = await attempt(() => oauth(jsforce, org).requestToken(back.get('code')));
  const refresh = conn.refreshToken;
  await conn.logout(true); // revokes the refresh token, and with it every session of it
  const dead = await attempt(() => oauth(jsforce, org).refreshToken(refresh));
  const old = new jsforce.Connection({ instanceUrl: org.url, accessToken: first, version: '60.0' });
  const revoked = await attempt(() => old.query('SELECT Id FROM User'));
  const denied = await approve(oauth(jsforce, org).getAuthorizationUrl({ state: 's' }), org, callback, true);
  return {
    state: back.get('state'), user, users: before.totalSize, spareUsers: spareUsers.totalSize, spareToken: spare.accessToken,
    identity, again, dead, revoked, denied: denied.get('error'), deniedState: denied.get('state'), first, refresh,
  };
}

async function clientCredentials({ jsforce, org }) {
  const conn = new jsforce.Connection({ oauth2: { loginUrl: org.url, clientId: org.client_id, clientSecret: org.client_secret }, version: '60.0' });
  const user = await conn.authorize({ grant_type: 'client_credentials' });
  const me = await conn.query(`SELECT Username FROM User WHERE Id = '${user.id}'`);
  return { user, username: me.records[0].Username, refreshToken: conn.refreshToken || null };
}

async function password({ jsforce, org, attempt }) {
  const conn = new jsforce.Connection({ oauth2: { loginUrl: org.url, clientId: org.client_id, clientSecret: org.client_secret }, version: '60.0' });
  const user = await conn.login(org.username, org.password);
  const users = await conn.query('SELECT Id FROM User');
  const wrong = await attempt(() => conn.login(org.username, 'wrong'));
  return { user, users: users.totalSize, wrong };
}

// soap: login, use, expire, log in again by itself, log out.
async function soap({ jsforce, org, attempt }) {
  const conn = new jsforce.Connection({ loginUrl: org.url, version: '60.0' });
  const user = await conn.login(org.username, org.password);
  const users = await conn.query('SELECT Id FROM User');
  const token = conn.accessToken;
  const wrong = await attempt(() => new jsforce.Connection({ loginUrl: org.url, version: '60.0' }).login(org.username, 'wrong'));
  conn.accessToken = 'dead';
  const again = await conn.query('SELECT Id FROM User'); // 401, login, again
  const info = await attempt(() => conn.soap.getUserInfo());
  const merged = await attempt(async () => {
    const ids = [];
    for (const Name of ['Master', 'Loser']) ids.push((await conn.sobject('Account').create({ Name })).id);
    return conn.soap.merge({ masterRecord: { type: 'Account', Id: ids[0] }, recordToMergeIds: [ids[1]] });
  });
  return { user, users: users.totalSize, again: again.totalSize, token, wrong, info: info.value || info, merged: merged.value || merged };
}

// jwt: the bearer flow; jsforce has no helper for it but authorize().
async function jwt({ jsforce, org, args, attempt }) {
  const assertion = (exp) => {
    const part = (o) => Buffer.from(JSON.stringify(o)).toString('base64url');
    const text = `${part({ alg: 'RS256' })}.${part({ iss: org.client_id, sub: org.username, aud: 'https://login.salesforce.com', exp })}`;
    return `${text}.${crypto.createSign('RSA-SHA256').update(text).sign(args.key, 'base64url')}`;
  };
  const conn = new jsforce.Connection({ oauth2: { loginUrl: org.url }, version: '60.0' });
  const authorize = (exp) => conn.authorize({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: assertion(exp) });
  const now = Math.floor(Date.now() / 1000);
  const late = await attempt(() => authorize(now - 3600));
  const user = await authorize(now + 120);
  const me = await conn.query(`SELECT Username FROM User WHERE Id = '${user.id}'`);
  return { user, username: me.records[0].Username, late };
}

module.exports = { soap, jwt, webServer, clientCredentials, password };
