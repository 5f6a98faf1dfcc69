// Reads every row of a query with jsforce and prints how many there were and how long that took.

import { asked, connect, rows } from './connect.mjs';

const { connection: document, soql } = await asked();
const connection = await connect(document);
const began = performance.now();
let count = 0;
for await (const _ of rows(connection, soql)) count += 1;
console.log(JSON.stringify({ rows: count, seconds: (performance.now() - began) / 1000 }));
