import { stdin, stdout } from "node:process";
import { decideFiring } from "../../src/schedules/firing.ts";
import { openDatabase } from "../../src/store/database.ts";
import { fireBatch } from "../../src/store/schedule-runs.ts";
import { silent } from "./database-forms.ts";

/** Run by a test: a process whose clock is wrong fires what is due until its stdin ends, and says on stdout which runs are its own. */
const [url = "", skew = "0"] = process.argv.slice(2);
const real = Date.now;
Date.now = () => real() + Number(skew);
const database = await openDatabase({ url, directory: "/nowhere", log: silent });
let over = false;
stdin.resume().on("end", () => (over = true));
stdout.write("ready\n");
while (!over) {
  const { runs } = await fireBatch(database.db, 3, decideFiring);
  for (const { id } of runs) stdout.write(`${id}\n`);
}
await database.close();
