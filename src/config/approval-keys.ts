import { z } from "zod";
import { classLabels, type CommandClass } from "../core/approval.ts";
import { type Kind, oneOf, toggle, whole } from "./kinds.ts";
import { nearest } from "./nearest.ts";
import { row } from "./row.ts";

/** Names of the classes of commands. */
const classes = Object.keys(classLabels).filter(isClass);

/** The rows of what must be approved, and by whom. */
export const approvalKeys = {
  "approvals.mode": row(
    oneOf(["manual", "smart", "off"]),
    "manual",
    "What becomes of commands that need approval: `manual` asks a person, `smart` the model of `auxiliary.approval` first, `off` runs them; what never runs and what a person must always be asked for stay so.",
    { effect: "message" },
  ),
  "approvals.timeout": row(
    whole(5, 86_400, "seconds"),
    300,
    "How long a question waits for an answer; then the command does not run.",
    {
      effect: "use",
    },
  ),
  "approvals.approvers": row(
    oneOf(["owner", "admin", "member"]),
    "admin",
    "The weakest role that may approve; who may not asks those who may, in their private chats.",
    { effect: "use" },
  ),
  "approvals.four_eyes": row(toggle(), false, "Whether somebody else than the one who asked must approve.", { effect: "use" }),
  "approvals.deny": row(globs(), [], "Globs of commands that never run anywhere, whatever the mode: `git push*`.", {
    effect: "message",
  }),
  command_allowlist: row(
    classList(),
    [],
    "Classes of commands that run without a question for everybody, as docs/security.md lists them.",
    {
      effect: "message",
    },
  ),
};

/** A list of globs; what is no text is left out and told. */
function globs(): Kind<readonly string[]> {
  return listOf(
    "a list of globs, such as git push*",
    (entry) => (typeof entry === "string" && entry.trim() !== "" ? entry : null),
    () => "Expected a glob in quotes.",
  );
}

/** A list of classes of commands; unknown ones are left out and told. */
function classList(): Kind<readonly CommandClass[]> {
  return listOf(
    `a list of classes of commands, such as ${classes.slice(4, 7).join(", ")}`,
    (entry) => {
      const name = typeof entry === "string" ? entry.trim() : "";
      return isClass(name) ? name : null;
    },
    (entry) => {
      const near = typeof entry === "string" ? nearest(entry, classes) : null;
      return near === null ? "docs/security.md lists the classes." : `Did you mean ${near}?`;
    },
  );
}

function listOf<T extends string>(
  expected: string,
  read: (entry: unknown) => T | null,
  mend: (entry: unknown) => string,
): Kind<readonly T[]> {
  const list = z.preprocess(entries, z.array(z.unknown()));
  return {
    schema: list.transform((all) => all.flatMap((entry) => read(entry) ?? [])),
    expected,
    faults: (raw) =>
      (list.safeParse(raw).data ?? []).flatMap((entry, index) =>
        read(entry) === null
          ? [
              {
                severity: "error" as const,
                at: `[${index}]`,
                message: ` can't be used; it counts as not there.`,
                mend: mend(entry),
              },
            ]
          : [],
      ),
  };
}

/** Text is a list with commas. */
function entries(raw: unknown): unknown {
  if (typeof raw !== "string") return raw;
  return raw
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function isClass(name: string): name is CommandClass {
  return Object.hasOwn(classLabels, name);
}
