// Reads an org with jsforce, ends sessions and a token in it, and prints what came of each step as JSON.

import jsforce from 'jsforce';
import { asked, connect, rows } from './connect.mjs';

const { connection: document, before, end_one, end_many, revoke_of } = await asked();
const connection = await connect(document);
const ids = async (soql) => {
  const found = [];
  for await (const row of rows(connection, soql)) found.push(row.Id);
  return found;
};
const jobIds = async (soql) => {
  connection.bulk2.pollInterval = 100;
  return (await (await connection.bulk2.query(soql)).toArray()).map((row) => row.Id);
};
// Somebody with an access token and nothing else: where that ends, the library does not try to get another.
const holder = ({ instanceUrl, accessToken, version }) => new jsforce.Connection({ instanceUrl, accessToken, version });
const refusal = async (client) => client.query('SELECT Id FROM User LIMIT 1').then(() => null, (error) => error.errorCode);

const done = {};
done.counted = (await connection.query(`SELECT COUNT() FROM LoginHistory WHERE LoginTime < ${before}`)).totalSize;
done.logins = await ids(`SELECT Id, LoginTime FROM LoginHistory WHERE LoginTime < ${before} ORDER BY LoginTime, Id`);
done.job_logins = await jobIds(`SELECT Id, LoginTime FROM LoginHistory WHERE LoginTime < ${before} ORDER BY LoginTime, Id`);
done.sessions = await ids('SELECT Id, UsersId FROM AuthSession');

const visitor = holder(await connect(document));
const current = await visitor.query('SELECT Id FROM AuthSession WHERE IsCurrent = true');
done.own_session = current.records[0].Id;
done.alive = await refusal(visitor);
done.ended_own = (await connection.destroy('AuthSession', done.own_session)).success;
done.dead = await refusal(visitor);

done.ended_one = (await connection.destroy('AuthSession', end_one)).success;
done.ended_many = (await connection.destroy('AuthSession', end_many)).map((result) => result.success);

const tokens = await connection.query(`SELECT AppName, DeleteToken FROM OauthToken WHERE UserId = '${revoke_of}'`);
done.tokens = tokens.records.length;
await connection.oauth2.revokeToken(tokens.records[0].DeleteToken);

const stolen = holder(connection);
await connection.logout();
done.logged_out = await refusal(stolen);

console.log(JSON.stringify(done));
