import assert from "node:assert/strict";
import { after, before, beforeEach, suite, test } from "node:test";
import { listSkills } from "../../src/store/skills.ts";
import { readyForms as forms } from "./database-forms.ts";
import { openSkillRig } from "./skills-rig.ts";

for (const [form, prepare] of Object.entries(forms)) {
  suite(`where skills come from: ${form}`, () => {
    let rig: Awaited<ReturnType<typeof openSkillRig>>;
    before(async () => {
      rig = await openSkillRig(prepare);
    });
    after(() => rig[Symbol.asyncDispose]());
    beforeEach(() => rig.clean());

    test("every kind of source gives its skill, with where it came from", async () => {
      const { url } = rig.site;
      for (const [source, name, origin] of [
        ["k8s", "k8s", { type: "shipped", from: "k8s" }],
        ["acme/tools/skills/lint", "lint", { type: "github", from: "acme/tools/skills/lint", revision: "abc1234" }],
        ["acme/tools/fmt", "fmt", { type: "github", revision: "abc1234" }],
        ["acme/tools@v2/lint", "lint", { type: "github", revision: "beef123" }],
        ["https://github.com/acme/tools/tree/v2/skills/lint", "lint", { type: "github", from: "acme/tools@v2/skills/lint" }],
        ["acme/secret/lint", "lint", { type: "github" }],
        [`${url}/gitea/ann/one.git`, "one", { type: "git" }],
        [`${url}/gitlab/ann/two.git`, "two", { type: "git", revision: "abc1234" }],
        [`${url}/files/three/SKILL.md`, "three", { type: "url" }],
        [`${url}/files/four.zip`, "four", { type: "zip" }],
        [`${url}/`, "five", { type: "well-known" }],
        [`${url}/.well-known/skills/index.json#five`, "five", { type: "well-known" }],
        ["hubbed", "hubbed", { type: "hub", from: "hubbed", revision: "3" }],
        ["packed", "packed", { type: "hub" }],
      ] as const) {
        await rig.db.deleteFrom("skills").execute();
        const reply = await rig.says(rig.operator, `install ${source}`);
        assert.ok(reply.ok, `${source}: ${reply.text}`);
        const [entry] = await listSkills(rig.db, { person: null });
        assert.equal(entry?.name, name, source);
        assert.deepEqual({ ...entry?.origin, ...origin }, entry?.origin, source);
        assert.match(entry?.hash ?? "", /^[0-9a-f]{64}$/);
      }
      assert.equal(
        rig.site.asked
          .filter(({ path }) => path.startsWith("/codeload"))
          .every(({ headers }) => headers.authorization !== undefined),
        true,
      );
    });

    test("what can't be had is said, and nothing is kept of it", async () => {
      const { url } = rig.site;
      for (const [source, why] of [
        ["acme/tools", /2 skills in it; say which: other\/fmt, skills\/lint/],
        ["acme/tools/nowhere", /no skill at nowhere/],
        ["acme/none", /404/],
        [`${url}/files/evil.zip`, /leads out of the skill/],
        [`${url}/files/page.html`, /no SKILL\.md and no archive\. Its site has: five/],
        [`${url}/files/loop`, /redirects more than/],
        ["liar", /calls itself k8s/],
        ["climber", /leads out of the skill/],
        ["nothing-of-the-kind", /Neither I nor the hub/],
        ["https://10.0.0.1/SKILL.md", /private network/],
        ["http://169.254.169.254/latest/", /private network/],
        ["file:///etc/passwd", /no skill that I can find|404/],
        ["../../nowhere-at-all", /nothing at/],
      ] as const) {
        const reply = await rig.says(rig.operator, `install ${source}`);
        assert.ok(!reply.ok, source);
        assert.match(reply.text, why, source);
      }
      assert.match((await rig.says(rig.at(rig.ann), "install /etc")).text, /at its command line/);
      assert.deepEqual(await rig.names(null), []);
      assert.deepEqual(await rig.waiting(), []);
    });

    test("search finds what ships and what the hub has", async () => {
      assert.match((await rig.says(rig.at(rig.bob), "search kubernetes")).text, /`k8s`/);
      assert.match((await rig.says(rig.at(rig.bob), "search garden")).text, /`hubbed` \(hub\): Cuts hedges/);
      assert.match((await rig.says(rig.at(rig.bob), "search zzz")).text, /Nothing fits/);
    });
  });
}
