import { type Action, classLabels, type Policy, type Verdict } from "../core/approval.ts";
import { loadConfig } from "../config/load.ts";
import { approvalSettings } from "../main/policy-settings.ts";
import { judge } from "../sandbox/policy/judge.ts";
import { type Define, exits } from "./context.ts";
import { printRecord } from "./record.ts";

const backends = ["docker", "virtual", "ssh", "local"] as const;
const roles = ["owner", "admin", "member"] as const;

interface Options {
  readonly backend: string;
  readonly role: string;
  readonly shared?: boolean;
  readonly unattended?: boolean;
}

/** `hermes approvals explain COMMAND`: what the policy says of a command, without running it. `list|revoke`: what people have allowed for longer. */
export const define: Define = (command, context) => {
  command
    .command("list")
    .description("what people have allowed for a session or for good")
    .action(async () => {
      await printRecord(context, "approvals.list");
      const { commandAllowlist } = (await loadConfig({ env: context.env, home: context.home })).config;
      if (commandAllowlist.length > 0) context.print(`For everybody, by command_allowlist: ${commandAllowlist.join(", ")}.`);
    });
  command
    .command("revoke <number>")
    .description("take one of them back, or all: it is asked for again at once")
    .action((number: string) => printRecord(context, "approvals.revoke", [number]));
  command
    .command("explain <command>")
    .description("say whether a command would run, be asked for, or never run, and why; runs nothing")
    .option("--backend <name>", "where it would run: docker, virtual, ssh or local", "local")
    .option("--role <role>", "who it would run for: owner, admin or member", "owner")
    .option("--shared", "in a chat that several people read")
    .option("--unattended", "with nobody there to ask")
    .action(async (text: string, options: Options) => {
      const backend = backends.find((each) => each === options.backend);
      const role = roles.find((each) => each === options.role);
      if (backend === undefined || role === undefined) {
        context.print(`--backend is one of ${backends.join(", ")}; --role one of ${roles.join(", ")}.`);
        context.exit(exits.usage);
        return;
      }
      const { config } = await loadConfig({ env: context.env, home: context.home });
      const action: Action = {
        tool: "terminal",
        command: text,
        language: "shell",
        workdir: "/workspace",
        workspace: "/workspace",
        backend,
        kind: "run",
        person: "",
        role,
        session: "",
        chat: options.shared === true ? "shared" : "private",
        attended: options.unattended !== true,
      };
      const { policy } = approvalSettings(config, []);
      for (const line of explained(judge(action, policy), policy)) context.print(line);
    });
};

function explained(verdict: Verdict, policy: Policy): readonly string[] {
  if (verdict.type === "run") return ["It runs without a question."];
  const found = verdict.findings.map(({ class: label, what }) => `  ${label.padEnd(14)} ${classLabels[label]}: ${what}`);
  return [headline(verdict, policy), ...found];
}

function headline(verdict: Exclude<Verdict, { type: "run" }>, { mode }: Policy): string {
  switch (verdict.type) {
    case "ask":
      return mode === "off" ? "A person is asked, whatever the mode." : "A person is asked.";
    case "smart":
      return "The approval model is asked; where it isn't sure, a person.";
    case "refuse":
      return `It does not run. ${verdict.message}`;
  }
}
