import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { call, say, type Seen } from "../doubles/model-server.ts";
import type { Item } from "./page-client.ts";
import { lastOf, openTalk, type TalkRig } from "./talk-rig.ts";

const config = `terminal:
  backend: virtual
skills:
  env_allow: [SHOP_KEY, OPENAI_API_KEY]
  creation_nudge_interval: 3
`;
const secret = "value-nobody-may-read";
const written = `---
name: shop-numbers
description: Ask the shop for its numbers
required_environment_variables: [SHOP_KEY, OPENAI_API_KEY, OTHER_KEY]
---
# Shop
Ask with the key.
`;
const isReview = (seen: Seen): boolean => lastOf(seen).startsWith("Below is what an agent did");

suite("skills, from a chat to a result", () => {
  let rig: TalkRig;
  before(async () => {
    rig = await openTalk({ config, env: { SHOP_KEY: secret, OPENAI_API_KEY: "the-model-servers-own" } });
  });
  after(() => rig[Symbol.asyncDispose]());
  const systemOf = (seen: Seen | undefined): string => String(seen?.body.messages[0]?.content);
  /** The newest of the agent's messages that is so, once there is one. */
  const said = async (isIt: (item: Item) => boolean): Promise<Item> => {
    for (;;) {
      const items = (await rig.page.history()).filter(({ role }) => role === "agent");
      const found = items.findLast(isIt);
      if (found !== undefined) return found;
      await rig.page.answers(items.length + 1);
    }
  };
  const card = async (label: string, name: string) => {
    const { text, buttons } = await said((item) => item.buttons[label] !== undefined && item.text.includes(name));
    return { text, data: buttons[label] ?? "" };
  };
  const pressed = async (data: string, says: RegExp) => {
    await rig.page.press(data);
    await said(({ text }) => says.test(text));
  };

  test("/skills install k8s takes the one that ships into use, and the next conversation knows it", async () => {
    await rig.begin(() => say("unused"));
    assert.match(await rig.askOn("/skills"), /k8s/);
    assert.match(await rig.askOn("/skills install k8s"), /`?k8s`? is installed/);
    const { seen } = await rig.ask("hello", () => say("hi"));
    assert.match(systemOf(seen[0]), /Skills \(.*\n- k8s: Find out why/);
  });

  test("/k8s REQUEST asks with the skill's text before the words, its files in the sandbox", async () => {
    const { seen, answer } = await rig.ask("/k8s why is web down?", (_, count) =>
      count === 0 ? call("terminal", { command: "ls .skills/k8s/scripts" }) : say("It has no image."),
    );
    assert.equal(answer, "It has no image.");
    assert.match(
      lastOf(seen[0]),
      /^\[The skill "k8s"[\s\S]*python3 \/workspace\/\.skills\/k8s\/scripts\/pods\.py[\s\S]*KUBECONFIG_DATA .*is not set[\s\S]*why is web down\?$/,
    );
    assert.match(lastOf(seen[1]), /inspect\.sh\npods\.py/);
  });

  test("the model reads a skill and a file of it by itself; circles of skills are broken", async () => {
    const { seen } = await rig.ask("go round", (_, count) =>
      count === 0
        ? call("skill_view", { name: "k8s/references/reasons.md" })
        : count < 14
          ? call("skill_view", { name: "k8s" })
          : say("enough"),
    );
    assert.match(lastOf(seen[1]), /CrashLoopBackOff/);
    assert.match(lastOf(seen[2]), /# Kubernetes/);
    assert.ok(seen.some((each) => /not run again/.test(lastOf(each))));
    assert.ok(seen.length < 14, "and the turn ends");
  });

  test("what the agent writes is a proposal; accepted by its button, it is this person's and gets its variables alone", async () => {
    const { seen } = await rig.ask("write down how to ask the shop", (_, count) =>
      count === 0 ? call("skill_manage", { action: "create", name: "shop-numbers", content: written }) : say("Proposed."),
    );
    assert.match(lastOf(seen[1]), /Proposed as [0-9a-f]{8}; it counts once/);
    const { text, data } = await card("Keep for me", "shop-numbers");
    assert.match(text, /for you alone[\s\S]*SHOP_KEY[\s\S]*safe[\s\S]*Ask with the key/);
    assert.equal(
      (await rig.ask("hello", () => say("hi"))).seen.some((each) => systemOf(each).includes("shop-numbers")),
      false,
    );
    await pressed(data, /shop-numbers is installed/);
    const steps = [
      call("terminal", { command: 'echo "before: $SHOP_KEY"' }),
      call("skill_view", { name: "shop-numbers" }),
      call("terminal", { command: 'echo "now: $SHOP_KEY"; echo "$SHOP_KEY" | rev; echo "model: $OPENAI_API_KEY"' }),
      say("done"),
    ];
    const used = await rig.ask("ask the shop", (_, count) => steps[count] ?? say("?"));
    assert.match(systemOf(used.seen[0]), /- shop-numbers: Ask the shop/);
    assert.match(lastOf(used.seen[1]), /^before:\s*$/);
    assert.match(
      lastOf(used.seen[2]),
      /Ask with the key[\s\S]*OPENAI_API_KEY is not set[\s\S]*OTHER_KEY is not set[\s\S]*skills\.env_allow/,
    );
    assert.equal(lastOf(used.seen[3]).trim(), `now: [hidden]\n${Array.from(secret).reverse().join("")}\nmodel:`);
    const other = await rig.ask("hello", (_, count) =>
      count === 0 ? call("terminal", { command: 'echo "none: $SHOP_KEY."' }) : say("hi"),
    );
    assert.match(lastOf(other.seen[1]), /none: \./, "another conversation's commands have none of it");
    assert.ok(!JSON.stringify(rig.model.seen.map(({ body }) => body)).includes(secret), "and the model never reads it");
  });

  test("a long request is considered as a skill, beside everything else", async () => {
    const content = written.replaceAll("shop-numbers", "three-steps").replace(/required.*\n/, "");
    await rig.ask("do it in steps", (seen, count) => {
      if (isReview(seen)) return say(`Here it is:\n\`\`\`markdown\n${content}\`\`\`\n`);
      return count < 3 ? call("terminal", { command: `echo step ${count}` }) : say("All done.");
    });
    const { text, data } = await card("Keep for me", "three-steps");
    assert.match(text, /From the agent itself/);
    const review = rig.model.seen.findLast(isReview);
    assert.match(lastOf(review), /Called terminal[\s\S]*step 2[\s\S]*All done/);
    assert.equal(review?.body.tools?.length ?? 0, 0);
    await pressed(data.replace("approve", "reject"), /Rejected/);
  });
});
