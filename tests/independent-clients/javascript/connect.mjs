// Logs jsforce in by JWT bearer. The library is used as it is; it speaks plain http where it is told to.

import { createSign } from 'node:crypto';
import jsforce from 'jsforce';

const LIFETIME_SECONDS = 180;

export async function connect({ login_url, audience, api_version, revoker }) {
  const oauth2 = { clientId: revoker.client_id, loginUrl: login_url };
  const connection = new jsforce.Connection({ oauth2, version: api_version });
  const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
  await connection.authorize({ grant_type, assertion: assertion(audience, revoker) });
  return connection;
}

function assertion(audience, { client_id, username, private_key }) {
  const exp = Math.floor(Date.now() / 1000) + LIFETIME_SECONDS;
  const claims = { iss: client_id, sub: username, aud: audience, exp };
  const signed = [{ alg: 'RS256', typ: 'JWT' }, claims].map(base64url).join('.');
  return `${signed}.${createSign('RSA-SHA256').update(signed).sign(private_key, 'base64url')}`;
}

function base64url(part) {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

/** The rows of every page, without holding more than one page. */
export async function* rows(connection, soql) {
  let page = await connection.query(soql);
  while (true) {
    yield* page.records;
    if (page.done) return;
    page = await connection.queryMore(page.nextRecordsUrl);
  }
}

/** What a test or the benchmark writes on standard input: one JSON object. */
export async function asked() {
  let text = '';
  for await (const chunk of process.stdin) text += chunk;
  return JSON.parse(text);
}
