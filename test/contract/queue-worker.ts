import { openQueues } from "../../src/queue/index.ts";
import { silent } from "./database-forms.ts";

// A worker to be killed or closed: it takes a job, says so, and never ends it.
const [url = "", prefix = ""] = process.argv.slice(2);
const queues = await openQueues({ backend: { kind: "redis", url }, prefix, log: silent });
await queues.consume("turns", 1, async (subject) => {
  process.send?.(subject);
  return await new Promise(() => undefined);
});
process.once("message", () => {
  void queues.close().then(() => process.disconnect());
});
process.send?.("ready");
