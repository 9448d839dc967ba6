import { stdout } from "node:process";
import { openDatabase } from "../../src/store/database.ts";
import { silent } from "./database-forms.ts";

/** Run by a test that kills it: writes rows for ever and says on stdout which ones the database has acknowledged. */
const [url, directory = ""] = process.argv.slice(2);
const { pool } = await openDatabase({ url: url || null, directory, log: silent });
await pool.query("create table if not exists written (id bigserial primary key, padding text)");
for (;;) {
  const client = await pool.connect();
  await client.query("begin");
  const { rows } = await client.query<{ id: number }>("insert into written (padding) values (repeat('x', 500)) returning id");
  await client.query("commit");
  client.release();
  stdout.write(`${rows[0]?.id}\n`);
}
