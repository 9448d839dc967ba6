import { Argument, type Command, Option } from "commander";
import { loadConfig } from "../config/load.ts";
import { callControl } from "../gateway/control-socket.ts";
import { type Context, type Define, exits } from "./context.ts";
import { hasLeft } from "./leaving.ts";
import { setUpHome } from "./setup/home.ts";
import { setUpModel } from "./setup/model.ts";
import { seeOwner, setUpOwner } from "./setup/owner.ts";
import { setUpPlatforms } from "./setup/platforms.ts";
import { setUpSandbox } from "./setup/sandbox.ts";
import { setUpService } from "./setup/service.ts";
import { type Flags, openSetup, type Setup, type StepEnd, tell, tellEnd } from "./setup/step.ts";
import { openTalk } from "./setup/open-talk.ts";

/** ONE LINE A STEP, in the order they are gone through. */
const steps = {
  home: { title: "Home", run: setUpHome },
  model: { title: "Model", run: setUpModel },
  platforms: { title: "Platforms", run: setUpPlatforms },
  sandbox: { title: "Sandbox", run: setUpSandbox },
  owner: { title: "Owner", run: setUpOwner },
  service: { title: "Service", run: setUpService },
} as const satisfies Readonly<Record<string, { title: string; run(setup: Setup): Promise<readonly StepEnd[]> }>>;

type StepName = keyof typeof steps;

/** `hermes setup [step]`: from nothing to a bot that answers. Every step can be left out, gone through again, and done by flags. */
export const define: Define = (command, context) => {
  describe(command).action(async (only: StepName | undefined, flags: Flags) => await run(context, only ?? null, flags));
};

function describe(command: Command): Command {
  const names = Object.keys(steps);
  return command
    .addArgument(new Argument("[step]", "only this step").choices(names))
    .option("-y, --yes", "ask nothing: take what the options say, and what is found")
    .option("--model-url <address>", "the model server's address, such as http://127.0.0.1:8000/v1")
    .option("--model <name>", "the model to use; the server's first one otherwise")
    .option("--api-key <key>", "the model server's key, if it wants one")
    .option("--telegram-token <token>", "the bot's token from @BotFather")
    .option("--discord-token <token>", "the bot's token")
    .option("--slack-bot-token <token>", "the bot's token, xoxb-…")
    .option("--slack-app-token <token>", "the app-level token, xapp-…")
    .option("--slack-signing-secret <secret>", "for HTTP instead of a socket")
    .option("--backend <name>", "where commands run: auto, docker, virtual, ssh or local")
    .option("--ssh-host <host>", "the host that ssh goes to")
    .option("--ssh-user <user>", "who to be there")
    .option("--owner", "invite an owner, also where there is one")
    .addOption(new Option("--service", "install the service and start it"))
    .addOption(new Option("--no-service", "leave the service alone"));
}

async function run(context: Context, only: StepName | null, flags: Flags): Promise<void> {
  const talk = flags.yes === true ? null : await openTalk(context);
  if (talk === null && only !== "home" && Object.keys(flags).length === 0) return explain(context);
  const running = await callControl(context.home, { command: "who", args: [] }).catch(() => null);
  const load = () => loadConfig({ env: context.env, home: context.home });
  const setup = openSetup({ context, flags, talk, load, running: running?.text ?? null });
  const ends = await goThrough(setup, only);
  if (only === null) sayWhatNow(setup, ends);
  const toOwn = ends.find((end) => end.toOwn !== undefined)?.toOwn;
  // A service that waits for its restart does not hear of the code.
  const hears = !setup.waits() || ends.some(({ about, state }) => about === "service" && state === "done");
  if (toOwn !== undefined && hears) await seeOwner(setup, toOwn.code);
  if (ends.some(({ state }) => state === "failed")) context.exit(exits.failure);
}

/** One step after the other; whoever leaves is told how to go on. */
async function goThrough(setup: Setup, only: StepName | null): Promise<readonly StepEnd[]> {
  const { context } = setup;
  const names = only === null ? namesOf(steps) : [only];
  const ends: StepEnd[] = [];
  let at: StepName = names[0] ?? "home";
  const interrupted = (): void => {
    tellLeft(context, at, "Left");
    process.exit(exits.failure);
  };
  process.once("SIGINT", interrupted);
  try {
    // Nothing is done in a home that can't be written, or is a newer version's.
    if (only !== null && only !== "home") await setUpHome(setup);
    for (at of names) ends.push(...(await perform(setup, at, only === null ? `${names.indexOf(at) + 1}/${names.length} ` : "")));
    return ends;
  } catch (thrown) {
    tellLeft(context, at, hasLeft(thrown) ? "Left" : "Stopped");
    throw thrown;
  } finally {
    process.off("SIGINT", interrupted);
  }
}

function namesOf<Name extends string>(record: Readonly<Record<Name, unknown>>): Name[] {
  return Object.keys(record).filter((name): name is Name => name in record);
}

async function perform(setup: Setup, name: StepName, number: string): Promise<readonly StepEnd[]> {
  if (setup.talk !== null) setup.context.print(`\n${number}${steps[name].title}`);
  const ends = await steps[name].run(setup);
  for (const end of ends) tellEnd(setup.context, end);
  return ends;
}

function tellLeft(context: Context, at: StepName, how: "Left" | "Stopped"): void {
  context.remark(`${how} at the step ${at}. What was done before is saved.`);
  context.remark(`\`hermes setup\` goes on; \`hermes setup ${at}\` does this step alone.`);
}

function sayWhatNow(setup: Setup, ends: readonly StepEnd[]): void {
  const { context } = setup;
  context.print("");
  const failed = ends.filter(({ state }) => state === "failed").map(({ about }) => about);
  if (failed.length > 0)
    tell(
      context,
      `Still to mend: ${failed.join(", ")}. \`hermes setup\` goes through it again; \`hermes doctor\` looks at every part.`,
    );
  if (!ends.some(({ about, state }) => about === "service" && state === "done"))
    tell(context, setup.running === null ? "Next: hermes start" : "Next: a restart, for what was changed");
  const toOwn = ends.find((end) => end.toOwn !== undefined)?.toOwn;
  if (toOwn !== undefined) tell(context, `To become its owner, ${toOwn.how}.`);
  tell(context, "Talk to it here, too: hermes chat");
}

function explain(context: Context): void {
  context.remark("hermes: setup asks at a terminal, and there is none.");
  context.remark("        Say what to do: hermes setup --yes --model-url http://127.0.0.1:8000/v1 --telegram-token TOKEN");
  context.remark(
    "        --yes alone takes what is found, and tokens from the environment. `hermes setup --help` lists all options.",
  );
  context.exit(exits.usage);
}
