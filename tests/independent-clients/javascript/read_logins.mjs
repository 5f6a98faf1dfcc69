// Reads every row of a query with jsforce, by pages or by a job of Bulk API 2.0, and prints how many there were and how long that took.

import { asked, connect, rows } from './connect.mjs';

const { connection: document, soql, way } = await asked();
const connection = await connect(document);
const began = performance.now();
let count = 0;
for await (const _ of way === 'jobs' ? await connection.bulk2.query(soql) : rows(connection, soql)) count += 1;
console.log(JSON.stringify({ rows: count, seconds: (performance.now() - began) / 1000 }));
