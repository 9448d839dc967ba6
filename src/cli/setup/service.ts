import { asFailure, Failure } from "../../core/failures.ts";
import { installService } from "../service/install.ts";
import { type Place, placeOf, supervisorFor } from "../service/place.ts";
import { standingOf } from "../service/running.ts";
import { startService } from "../service/start.ts";
import { stopService } from "../service/stop.ts";
import { type Setup, type StepEnd, tell } from "./step.ts";

/** Service: one that starts with the machine, a process in the background, or left to be started by hand. */
export async function setUpService(setup: Setup): Promise<readonly StepEnd[]> {
  const { context, flags, talk } = setup;
  const { config } = await setup.load();
  if (config.redisUrl !== null && config.stateUrl !== null && flags.service !== true)
    return [open("`hermes start` runs everything here; `hermes gateway install --mode gateway|worker` splits it over machines")];
  const place = await placeOf(context);
  const now = await standingOf(place, "all");
  if (now.running?.talks === true)
    return [open("not running: a talk at a terminal has the home. Leave it (Ctrl-D), then: hermes setup service")];
  if (now.running !== null) return [await running(setup, place, now.running.by)];
  const wanted = flags.service ?? (talk === null ? false : await asks(talk, place));
  if (wanted === false) return [open("not running: `hermes start` starts it here, `hermes gateway install --start` for good")];
  return [await attempt(() => begin(setup, place, wanted === true ? "service" : wanted))];
}

type Way = "service" | "background";

/** What can't be had here is not offered. */
async function asks(talk: NonNullable<Setup["talk"]>, place: Place): Promise<Way | false> {
  const supervisor = supervisorFor(place, "all", "user");
  const able = supervisor !== null && (await supervisor.obstacle()) === null;
  const service = {
    value: "service",
    label: "As a service that starts with this machine",
    hint: supervisor?.kind ?? "",
  } as const;
  const chosen = await talk.choose(
    "How shall it run?",
    [
      ...(able ? [service] : []),
      { value: "background", label: "In the background, from now until this machine is restarted" },
      { value: "none", label: "Not yet", hint: "`hermes start` starts it" },
    ],
    able ? "service" : "background",
  );
  return chosen === "none" ? false : chosen;
}

/** Where a service was wished for and the system has nothing that looks after one, it runs in the background. */
async function begin({ context }: Setup, place: Place, way: Way): Promise<StepEnd> {
  let by = "in the background";
  if (way === "service") {
    try {
      const { lines, unit } = await installService(context);
      for (const line of lines) tell(context, line);
      by = `as ${unit}`;
    } catch (thrown) {
      if (!(thrown instanceof Failure) || thrown.code !== "state.unavailable") throw thrown;
      tell(context, [thrown.message, thrown.advice ?? ""].join(" ").trimEnd());
    }
  }
  await startService(context, place, "all");
  return { state: "done", about: "service", text: `running ${by}` };
}

/** What was changed and waits for a restart is said, and a service that this command can start again is offered to. */
async function running(setup: Setup, place: Place, by: "service" | "background" | "hand"): Promise<StepEnd> {
  const { context, talk } = setup;
  const text = by === "hand" ? "running, started by hand" : `running (${setup.running ?? by})`;
  if (!setup.waits()) return { state: "done", about: "service", text };
  const again = "What was changed counts after a restart.";
  if (by === "hand") return open(`${text}. ${again} Stop it where it was started (Ctrl-C), and start it again.`);
  const wanted = setup.flags.service ?? (await talk?.yes(`${again} Restart it now?`, true)) ?? false;
  if (!wanted) return open(`${text}. ${again} hermes gateway restart`);
  return await attempt(async () => {
    await stopService(context, place, "all");
    await startService(context, place, "all");
    return { state: "done", about: "service", text: "running, with what was changed" };
  });
}

async function attempt(work: () => Promise<StepEnd>): Promise<StepEnd> {
  try {
    return await work();
  } catch (thrown) {
    const { message, advice } = asFailure(thrown);
    return { state: "failed", about: "service", text: [message, advice ?? ""].join(" ").trimEnd() };
  }
}

function open(text: string): StepEnd {
  return { state: "open", about: "service", text };
}
