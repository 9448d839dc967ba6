import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { DOMParser } from "linkedom";
import { exits } from "../../src/cli/context.ts";
import { launchdPlist } from "../../src/cli/service/launchd-plist.ts";
import { planFor } from "../../src/cli/service/install.ts";
import { marked, standing, writeUnit } from "../../src/cli/service/marked-file.ts";
import { supervisorFor } from "../../src/cli/service/place.ts";
import { planService, stopWaitMs, type ServicePlan } from "../../src/cli/service/plan.ts";
import { systemd } from "../../src/cli/service/systemd.ts";
import { systemdUnit } from "../../src/cli/service/systemd-unit.ts";
import { loadConfig } from "../../src/config/load.ts";
import { findProgram } from "../services/processes.ts";

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "hermes-unit-"));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

function plan(home: string, more: Partial<Parameters<typeof planService>[0]> = {}): ServicePlan {
  const env = { PATH: "/usr/local/bin:relative:/home/x/node_modules/.bin:/usr/bin" };
  return planService({ mode: "all", home, usualHome: home, env, drainSeconds: 45, account: null, ...more });
}

const account = { name: "root", uid: 0, gid: 0, home: "/root" };

/** The value of a key, as systemd reads it. */
function lines(unit: string, key: string): readonly string[] {
  return unit.split("\n").flatMap((line) => (line.startsWith(`${key}=`) ? [line.slice(key.length + 1)] : []));
}

/** Undoes systemd's quoting, from systemd.syntax(7) and systemd.service(5). */
function words(text: string, command: boolean): readonly string[] {
  const quoted = [...text.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, inner = ""]) =>
    inner.replace(/\\(.)/g, "$1").replaceAll("%%", "%"),
  );
  return command ? quoted.map((word) => word.replaceAll("$$", () => "$")) : quoted;
}

test("the unit drains, comes back after a crash, and stays away where starting again mends nothing", () => {
  const unit = systemdUnit(plan("/home/x/.hermes"));
  assert.deepEqual(lines(unit, "Restart"), ["on-failure"]);
  assert.deepEqual(lines(unit, "RestartPreventExitStatus"), [`${exits.usage} ${exits.config}`]);
  assert.deepEqual(lines(unit, "TimeoutStopSec"), ["75"]);
  // Who waits for a stop sees systemd's own end of one that takes too long.
  assert.ok(stopWaitMs(45) > 75_000);
  assert.deepEqual(lines(unit, "KillSignal"), ["SIGTERM"]);
  assert.deepEqual(lines(unit, "WorkingDirectory"), ["/home/x/.hermes"]);
  assert.deepEqual(lines(unit, "WantedBy"), ["default.target"]);
  assert.ok(Number(lines(unit, "StartLimitBurst")[0]) > 1 && Number(lines(unit, "StartLimitIntervalSec")[0]) > 0);
  const [program = "", launcher = "", mode] = words(lines(unit, "ExecStart")[0] ?? "", true);
  assert.ok(program.startsWith("/") && launcher.endsWith("/bin/hermes.mjs"));
  assert.equal(mode, "start");
  assert.match(spawnSync(program, ["--version"], { encoding: "utf8" }).stdout, /^v\d/);
  // What npx and npm run put there is not there later.
  assert.ok(lines(unit, "Environment").includes('"PATH=/usr/local/bin:/usr/bin:/bin"'), unit);
  // None of these may come in: they break Docker's and Podman's sandboxes, or V8.
  assert.doesNotMatch(
    unit,
    /PrivateTmp|PrivateUsers|ProtectProc|ProtectKernel|ProtectControlGroups|MemoryDeny|RestrictNamespaces|ProtectHome/,
  );
});

test("each mode and each home has a unit of its own, and a service of the system runs as its account", async (t) => {
  const loaded = await loadConfig({ env: {}, home: await folder(t) });

  const names = [
    plan("/a"),
    plan("/a", { mode: "gateway" }),
    plan("/a", { mode: "worker" }),
    plan("/b", { usualHome: "/a" }),
    plan("/c", { usualHome: "/a" }),
  ].map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  assert.equal(names[0], "hermes-team");
  // All accounts share the system's names: there nobody's home has the plain one, and everybody's command finds its own.
  const ofSystem = (home: string) => {
    const place = { home, usualHome: home, env: {}, platform: "linux", uid: 0, account } as const;
    const { name } = planFor(place, "all", { scope: "system" }, loaded);
    assert.equal(supervisorFor(place, "all", "system")?.unit, `${name}.service`);
    assert.equal(supervisorFor({ ...place, usualHome: "/root/.hermes" }, "all", "system")?.unit, `${name}.service`);
    return name;
  };
  assert.notEqual(ofSystem("/home/alice/.hermes"), ofSystem("/home/bob/.hermes"));
  const unit = systemdUnit(plan("/a", { account: { ...account, name: "hermes" } }));
  assert.deepEqual(lines(unit, "User"), ["hermes"]);
  assert.deepEqual(lines(unit, "WantedBy"), ["multi-user.target"]);
});

test("a proxy is handed on, its password is not", () => {
  const env = {
    PATH: "",
    HTTPS_PROXY: "http://u:hunter2secret@proxy:3128",
    no_proxy: "localhost",
    TZ: "Asia/Tokyo",
    SECRET: "x",
  };
  const { environment } = plan("/a", { env });
  assert.deepEqual(Object.keys(environment).toSorted(), ["HERMES_HOME", "PATH", "TZ", "no_proxy"]);
});

test("any path comes through the quoting of systemd and of XML unchanged", () => {
  const path = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }).map((name) => `/${name.replace(/[\p{Cc}]/gu, "")}`);
  fc.assert(
    fc.property(path, (home) => {
      const unit = systemdUnit(plan(home, { account }));
      assert.deepEqual(words(lines(unit, "Environment")[0] ?? "", false), [`HERMES_HOME=${home}`]);
      assert.equal(lines(unit, "WorkingDirectory")[0]?.replaceAll("%%", "%"), home);
      const { command } = plan(home);
      assert.deepEqual(
        words(lines(systemdUnit({ ...plan(home), command: [...command, home] }), "ExecStart")[0] ?? "", true).at(-1),
        home,
      );
    }),
    { numRuns: 60 },
  );
});

test("a path with a line break is refused rather than written", () => {
  assert.throws(() => plan("/a\nExecStart=/bin/evil"), { code: "config.invalid", message: /line break/ });
});

test("systemd itself finds nothing wrong with the units", async (t) => {
  const path = await folder(t);
  const home = join(path, `odd "home" 100% $HOME \\ 'x'`);
  await mkdir(home);
  const analyze = findProgram("systemd-analyze");
  const texts = [systemdUnit(plan(home)), systemdUnit(plan(home, { account }))];
  for (const [at, text] of texts.entries()) {
    // Every line of a section is a key and its value: all that can be said where there is no systemd.
    for (const line of text.split("\n")) assert.match(line, /^$|^\[\w+\]$|^[A-Z][A-Za-z]+=.+$/);
    const file = join(path, `hermes-${at}.service`);
    await writeFile(file, marked(text, "hash", "Written here."));
    if (analyze === null) continue;
    const verified = spawnSync(analyze, ["verify", "--man=no", file], {
      encoding: "utf8",
      env: { ...process.env, XDG_RUNTIME_DIR: path },
    });
    assert.equal(`${verified.stdout}${verified.stderr}`.replaceAll(/^.*(?:unit-file|dbus|Unit \S+ not found).*\n/gm, ""), "");
    assert.equal(verified.status, 0);
  }
});

test("the property list is XML with what launchd needs", () => {
  const home = `/Users/x/a & b <c> "d"`;
  const text = marked(launchdPlist(plan(home)), "xml", "Changes -- here");
  const parsed = new DOMParser().parseFromString(text, "text/xml");
  const dict = parsed.querySelector("plist > dict");
  const value = (key: string) =>
    [...(dict?.children ?? [])].find((each) => each.tagName === "key" && each.textContent === key)?.nextElementSibling;
  assert.equal(value("Label")?.textContent, "hermes-team");
  assert.equal(value("WorkingDirectory")?.textContent, home);
  assert.deepEqual(
    [...(value("ProgramArguments")?.children ?? [])]
      .map((each) => each.textContent)
      .slice(1)
      .map((arg) => arg.replace(/.*\//, "")),
    ["hermes.mjs", "start", "--quiet"],
  );
  assert.equal(value("ExitTimeOut")?.textContent, "75");
  assert.equal(value("RunAtLoad")?.tagName, "true");
  assert.equal(value("KeepAlive")?.querySelector("key")?.textContent, "SuccessfulExit");
  // Two hyphens within a comment are no XML.
  assert.doesNotMatch(/<!--([^]*?)-->/.exec(text)?.[1] ?? "", /--/);
  const checker = findProgram("plutil") ?? findProgram("xmllint");
  if (checker !== null)
    assert.equal(spawnSync(checker, checker.endsWith("plutil") ? ["-lint", "-"] : ["--noout", "-"], { input: text }).status, 0);
});

for (const comment of ["hash", "xml"] as const) {
  test(`what was changed by hand is told from what was written here (${comment})`, async (t) => {
    const file = join(await folder(t), "units", "a.service");
    assert.deepEqual(await standing(file), { state: "missing" });
    const text = marked("[Unit]\nA=1\n", comment, "A remark.");
    await writeUnit(file, text);
    assert.deepEqual(await standing(file), { state: "own", text });
    await writeFile(file, `${await readFile(file, "utf8")}B=2\n`);
    assert.equal((await standing(file)).state, "changed");
    await writeFile(file, "[Unit]\nA=1\n");
    assert.equal((await standing(file)).state, "foreign");
  });
}

test("what docs/service.md says that it says, it says", () => {
  const root = join(import.meta.dirname, "../..");
  const code = globSync("src/{cli,gateway,store,config}/**/*.ts", { cwd: root })
    .map((file) => readFileSync(join(root, file), "utf8"))
    .join("\n");
  const said = [...readFileSync(join(root, "docs/service.md"), "utf8").matchAll(/^\| `([^`]+)` \|/gm)].map(
    ([, each = ""]) => each,
  );
  const messages = said.filter((each) => !each.startsWith("hermes "));
  assert.ok(messages.length > 5);
  for (const part of messages
    .flatMap((each) => each.split(/…|process \d+/))
    .map((each) => each.trim())
    .filter(Boolean))
    assert.ok(code.includes(part), part);
});

test("a unit of the system stands where systemd looks for it", () => {
  const supervisor = systemd({ env: {}, scope: "system", name: "hermes-team" });
  assert.equal(supervisor.file, "/etc/systemd/system/hermes-team.service");
  assert.equal(supervisor.journal, "journalctl -u hermes-team -n 50");
});
