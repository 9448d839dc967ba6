import { skillText, tarOf, zipOf } from "./skills.ts";
import { openSite, type Site } from "./web-site.ts";

const wellKnown = "/.well-known/skills/index.json";

/** GitHub's API with its storage, Gitea, GitLab, a site with skills and a hub, on one port. */
export async function skillSites(): Promise<Site & { readonly places: { body: string } }> {
  const places = { body: "Do it well." };
  const site = await openSite((request, response) => {
    const path = decodeURIComponent((request.url ?? "").split("?")[0] ?? "");
    const found = answerTo(path, places.body, request.headers.authorization);
    response.writeHead(found.status, { "content-type": found.type, ...(found.location ? { location: found.location } : {}) });
    response.end(found.data);
  });
  return Object.assign(site, { places });
}

interface Found {
  readonly status: number;
  readonly type: string;
  readonly data: string | Uint8Array;
  readonly location?: string;
}

function answerTo(path: string, body: string, authorization: string | undefined): Found {
  if (path === "/github/repos/acme/tools/tarball") return { ...nothing, status: 302, location: "/codeload/acme-tools" };
  if (path === "/github/repos/acme/tools/tarball/v2") return bytes(repository("acme-tools-beef123", "From v2."));
  if (path === "/codeload/acme-tools") return bytes(repository("acme-tools-abc1234", body));
  if (path === "/github/repos/acme/secret/tarball")
    return authorization === "Bearer hush" ? bytes(repository("acme-secret-abc1234", body)) : nothing;
  if (path === "/gitea/ann/one/archive/HEAD.tar.gz")
    return bytes(tarOf([{ path: "one/SKILL.md", data: skillText("one", body) }]));
  if (path === "/gitlab/ann/two/-/archive/HEAD/two-HEAD.tar.gz")
    return bytes(tarOf([{ path: "two-HEAD-abc1234/SKILL.md", data: skillText("two", body) }]));
  if (path === "/files/three/SKILL.md") return text(skillText("three", body));
  if (path === "/files/four.zip") return bytes(zipOf([{ path: "four/SKILL.md", data: skillText("four", body) }]));
  if (path === "/files/evil.zip")
    return bytes(
      zipOf([
        { path: "SKILL.md", data: skillText("evil") },
        { path: "../../x", data: "x" },
      ]),
    );
  if (path === "/files/page.html") return { status: 200, type: "text/html", data: "<html>nothing</html>" };
  if (path === "/files/loop") return { ...nothing, status: 302, location: "/files/loop" };
  return listed(path, body) ?? nothing;
}

/** What stands in lists of skills. */
function listed(path: string, body: string): Found | null {
  if (path === wellKnown)
    return json({ skills: [{ name: "five", description: "Fifth", files: ["SKILL.md", "scripts/run.sh"] }] });
  if (path === "/.well-known/skills/five/SKILL.md") return text(skillText("five", body));
  if (path === "/.well-known/skills/five/scripts/run.sh") return text("#!/bin/sh\necho five\n");
  if (path === `/hub${wellKnown}`) return json({ skills: hubList });
  if (path === "/hub/.well-known/skills/hubbed/SKILL.md") return text(skillText("hubbed", body));
  if (path === "/hub/packed.zip") return bytes(zipOf([{ path: "SKILL.md", data: skillText("packed", body) }]));
  if (path === "/hub/.well-known/skills/liar/SKILL.md") return text(skillText("k8s", body));
  return null;
}

const hubList = [
  { name: "hubbed", description: "Cuts hedges", tags: ["garden"], version: "3" },
  { name: "packed", description: "As a zip", url: "../../packed.zip" },
  { name: "liar", description: "Says another name" },
  { name: "../../etc", description: "A path" },
  { name: "climber", description: "Files elsewhere", files: ["../../../secret"] },
  "nonsense",
  { description: "no name" },
];

function repository(top: string, body: string): Uint8Array {
  return tarOf([
    { path: `${top}/README.md`, data: "Skills" },
    { path: `${top}/skills/lint/SKILL.md`, data: skillText("lint", body) },
    { path: `${top}/skills/lint/scripts/lint.sh`, data: "#!/bin/sh\necho lint\n" },
    { path: `${top}/skills/lint/link`, type: "2", link: "../../../../etc/passwd" },
    { path: `${top}/other/fmt/SKILL.md`, data: skillText("fmt") },
  ]);
}

const json = (value: unknown): Found => ({ status: 200, type: "application/json", data: JSON.stringify(value) });

const bytes = (data: Uint8Array): Found => ({ status: 200, type: "application/octet-stream", data });

const text = (data: string): Found => ({ status: 200, type: "text/markdown", data });

const nothing: Found = { status: 404, type: "text/plain", data: "no" };
