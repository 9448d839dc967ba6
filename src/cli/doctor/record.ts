import { stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { Failure } from "../../core/failures.ts";
import { type ControlReply, callControl } from "../../gateway/control-socket.ts";
import type { Context } from "../context.ts";
import { askRecord } from "../record.ts";
import { type CheckInput, type CheckResult, fail, type Fix, ok, warn } from "./check.ts";
import { awayWords } from "./clock.ts";

const waitingSchema = z.array(
  z.object({ platform: z.string(), count: z.number(), oldestSeconds: z.number(), why: z.string().nullable() }),
);
const healthSchema = z.object({
  version: z.string(),
  readOnly: z.boolean(),
  now: z.number(),
  workers: z.number(),
  staleLeases: z.number(),
  stuck: z.number(),
  stuckSeconds: z.number(),
  unrouted: waitingSchema,
  undelivered: waitingSchema,
  refused: waitingSchema,
  service: z.boolean(),
});

type Health = z.infer<typeof healthSchema>;

const answerMs = 10_000;

/** The running service looks at its record; where none runs, the record is opened here, and left as it is. */
export async function checkRecord(input: CheckInput): Promise<CheckResult[]> {
  const { context, loaded } = input;
  const who = await callControl(context.home, { command: "who", args: [] }, answerMs);
  if (who !== null) {
    const open = ok("record.open", `${kindOf(input)}, held by the running service (${who.text}).`);
    return [open, ...health(input, await callControl(context.home, look, answerMs))];
  }
  if (loaded.config.stateUrl === null && !(await isThere(context.home)))
    return [ok("record.open", "Not there yet: the first start makes it.")];
  return await offline(input);
}

const look = { command: "doctor", args: ["look"] };

function kindOf({ loaded: { config } }: CheckInput): string {
  return config.stateUrl === null ? "The embedded record" : "The record in Postgres";
}

async function isThere(home: string): Promise<boolean> {
  return await stat(join(home, "data", "pgdata")).then(
    () => true,
    () => false,
  );
}

async function offline(input: CheckInput): Promise<CheckResult[]> {
  const { context, loaded } = input;
  const product = await context.product();
  const record = await product.openOffline(loaded.config, { migrating: false }).catch((thrown: unknown) => {
    if (thrown instanceof Failure && thrown.code === "state.newer") return thrown;
    throw thrown;
  });
  if (record instanceof Failure) return [fail("record.newer", `${record.message}.`, record.advice ?? "")];
  try {
    const open = ok("record.open", `${kindOf(input)} opens; no service runs on this home.`);
    const { pending = [] } = record;
    if (pending.length > 0) return [open, pendingResult(input, pending)];
    return [open, ok("record.migrations", "Its tables are this version's."), ...health(input, await record.handle(look))];
  } finally {
    await record.close();
  }
}

function pendingResult({ context, loaded }: CheckInput, pending: readonly string[]): CheckResult {
  const run = async (): Promise<string> => {
    const record = await (await context.product()).openOffline(loaded.config);
    await record.close();
    const before = record.copy ? ` As it was before, it is in ${record.copy}.` : "";
    return `Brought its tables up to date: ${pending.join(", ")}.${before}`;
  };
  const text = `Its tables are an older version's: ${pending.length} ${pending.length === 1 ? "step is" : "steps are"} missing.`;
  return warn("record.migrations", text, "The next start brings them up.", { does: "bring the record's tables up to date", run });
}

function health({ context, loaded }: CheckInput, reply: ControlReply | null): CheckResult[] {
  const told = reply?.ok === true ? healthSchema.safeParse(parsed(reply.text)).data : undefined;
  if (told === undefined) return reply === null || reply.ok ? [] : [warn("record.open", reply.text, "")];
  const postgres = loaded.config.stateUrl !== null;
  const skew = told.now - Date.now();
  return [
    ...(told.readOnly
      ? [fail("record.writable", "Postgres is a copy that takes no writes.", "Point DATABASE_URL at the primary.")]
      : []),
    ...(postgres && !told.readOnly ? [ok("record.writable", `Postgres ${told.version.split(" ")[0] ?? ""} takes writes.`)] : []),
    ...(postgres && Math.abs(skew) > skewMs ? [clockResult(skew)] : []),
    ...waits(context, told),
  ];
}

/** Schedules fire by the record's clock: this much later or sooner nobody minds. */
const skewMs = 30_000;

function clockResult(skew: number): CheckResult {
  const text = `The record's clock, by which schedules fire, is ${awayWords(skew)} this machine's.`;
  return warn("clock.record", text, "`timedatectl set-ntp true` on the machine that is off.");
}

function waits(context: Context, told: Health): CheckResult[] {
  const alive = told.service || told.workers > 0;
  const fix = (which: string, does: string, ...of: readonly string[]): Fix => ({
    does,
    run: () => mended(context, which, ...of),
  });
  const overdue = (seconds: number) => (alive && seconds > faultSeconds ? fail : warn);
  const { staleLeases, stuck, stuckSeconds, unrouted, undelivered, refused } = told;
  return [
    staleLeases === 0
      ? ok("record.leases", "Nothing is held by a process that has gone.")
      : warn(
          "record.leases",
          `${staleLeases} held by processes that have gone.`,
          "They are taken over by themselves.",
          fix("leases", "let go of them"),
        ),
    stuck === 0
      ? ok("record.stuck", "No request waits for somebody to work on it.")
      : overdue(stuckSeconds)(
          "record.stuck",
          `${stuck} ${stuck === 1 ? "conversation has a request" : "conversations have requests"} that nobody works on, for ${ago(stuckSeconds)}.`,
          alive ? "See its log; `hermes doctor --fix` puts them on the queue again." : "Start the service: they go on then.",
          fix("stuck", "put them on the queue again"),
        ),
    ...unrouted.map(({ platform, count, oldestSeconds }) =>
      warn(
        "record.unrouted",
        `${count} of ${platform} not taken for ${ago(oldestSeconds)}.`,
        `Start a gateway that serves ${platform}.`,
      ),
    ),
    ...(undelivered.length === 0 ? [ok("record.undelivered", "Every answer has arrived.")] : []),
    ...undelivered.map(({ platform, count, oldestSeconds, why }) =>
      overdue(oldestSeconds)(
        "record.undelivered",
        `${count} ${count === 1 ? "answer" : "answers"} for ${platform} not delivered for ${ago(oldestSeconds)}${why === null ? "" : `: ${why}`}.`,
        alive
          ? `Mend the line to ${platform}; \`hermes doctor --fix\` tries them at once.`
          : "Start the service: they go out then.",
        fix("undelivered", "try the answers again now"),
      ),
    ),
    ...refused.map(({ platform, count, why }) =>
      warn(
        "record.refused",
        `${platform} refused ${count} ${count === 1 ? "answer" : "answers"} within a week${why === null ? "" : `, the last: ${why}`}.`,
        "Mend the cause first.",
        {
          ...fix("refused", `send ${count === 1 ? "the one" : `the ${count}`} of ${platform} to the chats again`, platform),
          asks: true,
        },
      ),
    ),
  ];
}

/** A busy service may take its time: a full hour's limit of a platform, turns on every place of the model. */
const faultSeconds = 600;

async function mended(context: Context, ...what: readonly string[]): Promise<string> {
  const request = { command: "doctor", args: ["mend", ...what] };
  const reply = await askRecord(context, request, answerMs);
  if (!reply.ok) throw new Failure("state.unavailable", reply.text);
  return reply.text;
}

function ago(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
