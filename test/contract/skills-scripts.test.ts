import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import type { Sandbox } from "../../src/core/sandbox.ts";
import { bundleOf } from "../../src/skills/bundle.ts";
import { readFolder } from "../../src/skills/folder.ts";
import { placeFiles } from "../../src/skills/placing.ts";
import { giveVariables } from "../../src/skills/variables.ts";
import { filesOf, skillText } from "../doubles/skills.ts";
import { forms, openRig, type Rig, run } from "./sandbox-forms.ts";

const still = new AbortController().signal;

/** Puts one of those that ship into a sandbox. */
async function placed(sandbox: Sandbox, name: string): Promise<string> {
  const bundle = bundleOf(await readFolder(new URL(`../../skills/${name}`, import.meta.url).pathname));
  return await placeFiles(sandbox, name, bundle.files, still);
}

for (const form of ["docker, bash", "docker, busybox", "local", "virtual"] as const)
  test(`a skill's files are put into a sandbox, for reading, and links in their way lead nowhere: ${form}`, async () => {
    await using rig = await forms[form]();
    const sandbox = await rig.open();
    const files = filesOf({
      "SKILL.md": skillText("a"),
      "scripts/run.sh": '#!/bin/sh\necho "ran in $(pwd)"\n',
      "references/é x.md": "there",
    });
    await run(sandbox, "mkdir -p kept/a && echo mine > kept/a/file && ln -s kept .skills");
    const directory = await placeFiles(sandbox, "a", files, still);
    assert.equal(directory, `${rig.workspace}/.skills/a`);
    assert.equal((await run(sandbox, "cat kept/a/file")).output, "mine\n", "a link is not followed");
    assert.equal((await run(sandbox, `sh ${directory}/scripts/run.sh`)).output, `ran in ${rig.workspace}\n`);
    assert.equal((await run(sandbox, `cat '${directory}/references/é x.md'`)).output, "there");
    // The virtual one keeps no rights: its files are in memory, and each reading puts them there anew.
    if (form !== "virtual") assert.match((await run(sandbox, `ls -l ${directory}/scripts/run.sh`)).output, /^-r-xr-xr-x/);
    await run(sandbox, `chmod -R u+w .skills; echo evil > ${directory}/scripts/run.sh; touch ${directory}/more`);
    await placeFiles(sandbox, "a", files, still);
    assert.match(
      (await run(sandbox, `cat ${directory}/scripts/run.sh; ls ${directory}`)).output,
      /ran in[\s\S]*SKILL\.md\nreferences\nscripts\n$/,
    );
    const readings = Array.from({ length: 4 }, async (_, at) => {
      const own = await rig.open("alice", `r${at}`);
      await placeFiles(own, "a", files, still);
      const said = await run(own, `sh ${directory}/scripts/run.sh`);
      assert.equal(said.output, `ran in ${rig.workspace}\n`, "nobody finds half of it");
    });
    await Promise.all(readings);
    assert.equal((await run(sandbox, `ls -A .skills; ls -A ${directory}`)).output, "a\nSKILL.md\nreferences\nscripts\n");
    await giveVariables(sandbox, new Map([["KEY", 'it\'s "$x" `y`\nz']]), still);
    assert.equal((await run(sandbox, 'printf %s "$KEY"')).output, 'it\'s "$x" `y`\nz');
    await run(sandbox, "export MINE=kept");
    await giveVariables(sandbox, new Map([["MORE", "too"]]), still);
    assert.equal((await run(sandbox, 'printf %s "${KEY-none} $MORE $MINE"')).output, "none too kept");
    await giveVariables(sandbox, new Map([["KEY", "new"]]), still);
    assert.equal((await run(sandbox, 'printf %s "$KEY ${MORE-none} $MINE"')).output, "new none kept");
    await giveVariables(sandbox, new Map(), still);
    assert.equal((await run(sandbox, 'printf %s "${KEY-none} $MINE"')).output, "none kept");
    const other = await rig.open("alice", "s2");
    assert.equal((await run(other, 'printf %s "${KEY-none}"')).output, "none", "another conversation's commands have none");
  });

suite("the scripts that ship, in a sandbox of this machine", () => {
  let rig: Rig;
  let sandbox: Sandbox;
  before(async () => {
    rig = await openRig("local");
    sandbox = await rig.open();
  });
  after(() => rig[Symbol.asyncDispose]());
  const put = (path: string, text: string) => sandbox.writeFile(path, Buffer.from(text));
  const says = async (command: string, exitCode = 0) => {
    const result = await run(sandbox, command);
    assert.equal(result.exitCode, exitCode, result.output);
    return result.output;
  };

  test("k8s names the unwell pods, worst first, and what to do next", async () => {
    const at = await placed(sandbox, "k8s");
    const crash = {
      name: "c",
      ready: false,
      restartCount: 12,
      state: { waiting: { reason: "CrashLoopBackOff", message: "back-off 5m0s" } },
      lastState: { terminated: { exitCode: 137, reason: "OOMKilled", finishedAt: "2026-01-01T00:00:00Z" } },
    };
    const well = { name: "c", ready: true, restartCount: 0, state: { running: {} } };
    const pod = (name: string, status: object) => ({ metadata: { namespace: "shop", name }, spec: { nodeName: "n1" }, status });
    const unplaced = [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/3 nodes are available" }];
    const pods = [
      pod("waits", { phase: "Pending", conditions: unplaced }),
      pod("web", { phase: "Running", containerStatuses: [crash] }),
      pod("ok", { phase: "Running", containerStatuses: [well] }),
    ];
    await put("pods.json", JSON.stringify({ items: pods }));
    const said = await says(`cat pods.json | python3 ${at}/scripts/pods.py`);
    assert.match(
      said,
      /^3 pods, 2 unwell\n\nOOMKilled: shop\/web on n1, 12 restarts\n  exit code 137; back-off[\s\S]*logs -n shop web -c c --previous[\s\S]*Unschedulable: shop\/waits/,
    );
    assert.match(await says(`echo '{"items":[]}' | python3 ${at}/scripts/pods.py`), /0 pods, 0 unwell/);
    assert.match(await says(`echo nonsense | python3 ${at}/scripts/pods.py`, 1), /not the output of/);
    assert.match(await says(`sh ${at}/scripts/inspect.sh`, 2), /usage/);
    assert.match(await says(`PATH=/nowhere /bin/sh ${at}/scripts/inspect.sh shop web`, 3), /kubectl is not here/);
  });

  test("daily-report compares with what was, and says what is out of the ordinary", async () => {
    const at = await placed(sandbox, "daily-report");
    const report = (orders: number, day: string, more = "") => {
      const figures = [
        { name: "orders", value: orders, good: "up", low: 300 },
        { name: "stock", value: null, why: "server away" },
      ];
      return put("today.json", JSON.stringify({ title: "Shop", figures, events: ["Deploy"], todo: [] })).then(() =>
        says(`python3 ${at}/scripts/report.py today.json --state r/history.json --day ${day} ${more}`),
      );
    };
    assert.match(await report(400, "2026-03-01"), /\| orders \| 400 \| new \|/);
    await report(410, "2026-03-02");
    await report(405, "2026-03-03");
    const said = await report(200, "2026-03-04", "--chart c.svg");
    assert.match(
      said,
      /\*\*orders is 200, below 300\*\*[\s\S]*\| orders \| 200 \| -205 \(-51%\) worse \| 405 \|[\s\S]*- stock: server away[\s\S]*MEDIA:c\.svg/,
    );
    assert.match(await says("cat c.svg"), /<svg[\s\S]*orders[\s\S]*<\/svg>/);
    assert.match(await report(200, "2026-03-04", "--dry-run"), /-205/);
    assert.match(await says(`echo '[]' > x.json; python3 ${at}/scripts/report.py x.json --state y.json`, 1), /must be/);
  });

  test("git tells where a repository stands, and makes a changelog", async () => {
    const at = await placed(sandbox, "git");
    await says(
      "git init -q repo && cd repo && git config user.email a@b.c && git config user.name Ann && echo 1 > f && git add f && git commit -qm 'feat(api): add x' && echo 2 > f && git commit -qam 'fix: mend y' && echo 3 > f; cd ..",
    );
    assert.match(
      await says(`sh ${at}/scripts/survey.sh repo`),
      /^branch: \w+\nupstream: none\nnot committed: 1\n M f\nstashes: 0\nnewest commits:\n  \w+ [\d-]+ Ann: fix: mend y/,
    );
    assert.match(await says(`sh ${at}/scripts/survey.sh /tmp`, 1), /no git repository/);
    const log = "git -C repo log --format='%H%x09%an%x09%s'";
    assert.match(
      await says(`${log} | python3 ${at}/scripts/changelog.py`),
      /^### Added\n\n- \*\*api\*\*: Add x \(\w{8}\)\n\n### Fixed\n\n- Mend y \(\w{8}\)\n\nBy Ann \(2\)\.\n$/,
    );
    assert.match(await says(`printf 'abc\\tAnn\\t\\n' | python3 ${at}/scripts/changelog.py`), /- \(no subject\) \(abc\)/);
    await says(
      "cd repo; for each in merge=refs/heads/gone remote=.; do git config branch.$(git branch --show-current).${each%%=*} ${each#*=}; done; cd ..",
    );
    assert.match(await says(`sh ${at}/scripts/survey.sh repo`), /\nupstream: none\n/);
    await says(
      "cd repo && git commit -qam three && git checkout -q -b other HEAD~1 && echo 4 > f && git commit -qam four; git merge -q master main 2>/dev/null; git merge -q - ; cd ..",
      0,
    );
    assert.match(await says(`sh ${at}/scripts/survey.sh repo`), /HALF DONE: a merge[\s\S]*in conflict: 1/);
  });

  test("web-research finds the claims that don't stand", async () => {
    const at = await placed(sandbox, "web-research");
    const notes = [
      { claim: "X is fast", source: "https://a.example.com/1", quote: "fast", date: "2020-01", kind: "secondary" },
      { claim: "Y is slow", source: "https://b.org", quote: "slow", kind: "primary" },
      { claim: "y is  slow", source: "https://www.c.co.uk/x", quote: "not slow", against: true },
      { claim: "Z", source: "https://d.net" },
    ];
    await put("n.jsonl", notes.map((note) => JSON.stringify(note)).join("\n"));
    assert.match(
      await says(`python3 ${at}/scripts/notes.py n.jsonl`),
      /^3 claims from 4 notes, 4 sites\n\non one leg:\n- X is fast \(example\.com\)\n- Z \(d\.net\)\n\ndisputed:\n- Y is slow \(1 for, 1 against\)\n\nno quote:\n- Z\n\nold:\n- X is fast/,
    );
    assert.match(
      await says(`python3 ${at}/scripts/notes.py n.jsonl --bibliography`),
      /^\[1\] https:\/\/a\.example\.com\/1 \(secondary, 2020-01\)\n\[2\]/,
    );
  });

  test("data-analysis profiles, groups and draws tables as people send them", async () => {
    const at = await placed(sandbox, "data-analysis");
    await put(
      "o.csv",
      "id;date;region;amount\n1;03.01.2026;North;1.234,50\n2;15.01.2026;South;20,00\n3;01.02.2026;north;5,25\n3;01.02.2026;north;5,25\n4;20.02.2026;South;\n5;02.03.2026;Nörd;x\n",
    );
    const profile = await says(`python3 ${at}/scripts/profile.py o.csv`);
    assert.match(profile, /^6 rows, 4 columns; CSV, delimiter ";"/);
    assert.match(profile, /1 rows are exact repetitions[\s\S]*dates, 2026-01-03 to 2026-03-02[\s\S]*differ only in capitals/);
    const pivot = await says(`python3 ${at}/scripts/pivot.py o.csv --by month:date --sum amount --count --where 'region!=Nörd'`);
    assert.match(
      pivot,
      /\| 2026-01 \| 2 \| 1,254\.50 \|\n\| 2026-02 \| 3 \| 10\.50 \|\n\| \*\*all\*\* \| 5 \| 1,265 \|\n\n6 rows read, 5 used, 1 left out/,
    );
    await says(
      `python3 ${at}/scripts/pivot.py o.csv --by region --sum amount --csv > t.csv && python3 ${at}/scripts/chart.py t.csv --out bars.svg --title 'By <region>'`,
    );
    assert.match(await says("cat bars.svg"), /By &lt;region&gt;[\s\S]*Nörd[\s\S]*<rect/);
    const large = await says(`python3 ${at}/scripts/pivot.py o.csv --by region --count --where 'amount>19,5'`);
    assert.match(large, /2 used/);
    await put("us.csv", "day,n\n03/04/2026,1\n03/25/2026,2\n");
    assert.match(await says(`python3 ${at}/scripts/profile.py us.csv`), /dates, 2026-03-04 to 2026-03-25\n\n/);
    assert.match(await says(`python3 ${at}/scripts/pivot.py us.csv --by month:day --sum n`), /\| 2026-03 \| 3 \|/);
    await put("either.csv", "day,n\n03/04/2026,1\n05/04/2026,2\n");
    assert.match(await says(`python3 ${at}/scripts/profile.py either.csv`), /2026-04-03 to 2026-04-05\n  doubtful: whether/);
    await put("j.jsonl", '{"a": 1, "b": "x"}\n{"a": 2.5, "c": null}\n');
    assert.match(await says(`python3 ${at}/scripts/profile.py j.jsonl`), /2 rows, 3 columns; JSON lines[\s\S]*sum 3\.50/);
    assert.match(
      await says(`python3 ${at}/scripts/pivot.py o.csv --by nothing`, 1),
      /There is no column 'nothing'\. There are: id, date/,
    );
  });

  test("log-triage folds, orders and compares logs", async () => {
    const at = await placed(sandbox, "log-triage");
    const trace =
      "java.lang.RuntimeException: no connection\n    at com.shop.Pool.get(Pool.java:12)\nCaused by: java.sql.SQLException: pool exhausted\n";
    const late = (second: number, user: string) =>
      `2026-03-01 14:05:0${second} ERROR db: query 88${second} timed out for user '${user}'\n`;
    await put(
      "bad.log",
      `2026-03-01 14:00:01 INFO started\n2026-03-01 14:01:01 WARN retry 7\n${late(2, "ann")}${trace}${late(3, "bob")}{"level":50,"time":1772374000000,"msg":"boom","err":{"message":"disk full"}}\n`,
    );
    await put("good.log", "2026-02-28 14:00:01 INFO started\n2026-02-28 14:01:01 WARN retry 1\n");
    const said = await says(`python3 ${at}/scripts/triage.py bad.log`);
    assert.match(
      said,
      /^5 lines, 4 patterns[\s\S]*ERROR 3, WARN 1, INFO 1[\s\S]*== first error\n\nERROR x2, 03-01 14:05:02 to 03-01 14:05:03\n  bad\.log:3: [\s\S]*cause: Caused by: java\.sql\.SQLException: pool exhausted\n  in: at com\.shop\.Pool\.get/,
    );
    assert.match(said, /boom disk full/);
    const compared = await says(`python3 ${at}/scripts/triage.py bad.log --against good.log`);
    assert.match(compared, /2 patterns are new[\s\S]*, NEW/);
    assert.ok(!compared.includes("retry"), "what is usual is left out");
    assert.match(await says(`python3 ${at}/scripts/triage.py bad.log --lines --since '2026-03-01 14:05:03'`), /bad\.log:3:/);
    assert.match(await says(`gzip -k bad.log && cat good.log | python3 ${at}/scripts/triage.py - bad.log.gz`), /7 lines/);
  });
});
