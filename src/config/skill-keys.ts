import { address, oneOf, text, toggle, variables, whole } from "./kinds.ts";
import { row } from "./row.ts";

/** The rows of skills. */
export const skillKeys = {
  "skills.approvers": row(
    oneOf(["owner", "admin", "member"]),
    "admin",
    "The weakest role that accepts the team's skills, and skills from outside.",
    { effect: "use" },
  ),
  "skills.env_allow": row(
    variables(),
    [],
    "Variables of `.env` that a skill which asks for them is given, in conversations that have read it and no other since; none unless named.",
    { effect: "use" },
  ),
  "skills.creation_nudge_interval": row(
    whole(0, 1_000, "steps"),
    15,
    "After a request of so many steps the agent considers writing down how it was done, as a skill that a person accepts; 0: never.",
    { effect: "use" },
  ),
  "skills.import_home": row(toggle(), true, "Takes the skills in the home's `skills/` at the start; the files stay as they are."),
  "skills.hub_url": row(
    address(["http", "https"], "https://skills.example.com"),
    null,
    "A site whose list of skills `/skills search` and `/skills install NAME` ask: its `/.well-known/skills/index.json`, or the list itself.",
    { effect: "use" },
  ),
  "skills.github_url": row(
    address(["http", "https"], "https://github.example.com/api/v3"),
    "https://api.github.com",
    "GitHub's API, or that of a GitHub server of your own.",
    { effect: "use" },
  ),
  "skills.github_token": row(text("a token"), null, "For skills in private repositories at GitHub, and more requests an hour.", {
    effect: "use",
    env: "GITHUB_TOKEN",
    secret: true,
  }),
};
