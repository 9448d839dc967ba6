import swc from "@swc/core/Visitor.js";

// swc parses `using`, but its visitor throws at it; dependency-cruiser would skip the whole file.
const { visitStatement } = swc.Visitor.prototype;
swc.Visitor.prototype.visitStatement = function (statement) {
  if (statement.type !== "UsingDeclaration") return visitStatement.call(this, statement);
  statement.decls = this.visitVariableDeclarators(statement.decls);
  return statement;
};

/**
 * The import rule. Arrows point down the list; neighbours on one line don't know each other: what they need arrives as an argument
 * typed in `src/core`.
 */
const layers = [
  ["cli", "main.ts"],
  ["main"],
  ["gateway", "agent"],
  ["commands", "tools"],
  ["model", "sandbox", "memory", "skills", "schedules", "people"],
  ["queue", "store", "live"],
  ["config", "insights"],
  ["core"],
];

/** Where each SDK lives: nothing of its types or faults leaves that folder. */
const homes = {
  grammy: "adapters/telegram",
  "@grammyjs/*": "adapters/telegram",
  "@discordjs/*": "adapters/discord",
  "discord-api-types": "adapters/discord",
  "@slack/*": "adapters/slack",
  fastify: "adapters/web",
  openai: "src/model",
  "@anthropic-ai/sdk": "src/model",
  "@modelcontextprotocol/client": "src/tools/mcp",
  bullmq: "src/queue",
  ioredis: "src/(queue|live)",
  dockerode: "src/sandbox",
  ssh2: "src/sandbox",
  "just-bash": "src/sandbox",
  yaml: "src/config",
  kysely: "src/store",
  pg: "src/store",
  "@electric-sql/pglite": "src/store",
  pino: "src/insights",
  "pino-roll": "src/insights",
  "prom-client": "src/insights",
  commander: "src/cli",
  "@mozilla/readability": "src/tools/web",
  linkedom: "src/tools/web",
  turndown: "src/tools/web",
  unpdf: "src/tools/web",
  "ipaddr.js": "src/sandbox/guard",
};

const product = "^(src|adapters|workers|bin)/";
const platforms = "telegram|discord|slack|web|terminal";

/** A folder or file of `src` as a pattern. */
function inside(names) {
  return names.length === 0 ? "^$" : `^src/(${names.map((name) => name.replace(".", "\\.")).join("|")})(/|$)`;
}

/** One rule a folder: it may import itself and what stands on lower lines, no more. */
function layerRules() {
  return layers.flatMap((line, depth) => {
    const notBelow = layers.slice(0, depth + 1).flat();
    return line.map((name) => ({
      name: `layers: src/${name} imports only what stands below it`,
      severity: "error",
      from: { path: inside([name]), pathNot: name === "cli" ? "^src/cli/commands\\.ts$" : "^$" },
      to: { path: inside(notBelow), pathNot: inside([name]) },
    }));
  });
}

/** A new folder must be given its line before anything may live in it. */
const everyFolderHasALine = {
  name: "layers: every folder of src stands on a line",
  severity: "error",
  from: {},
  to: { path: "^src/", pathNot: inside(layers.flat()) },
};

function homeRules() {
  return Object.entries(homes).map(([sdk, home]) => ({
    name: `homes: ${sdk} lives in ${home}`,
    severity: "error",
    from: { path: product, pathNot: `^${home}/` },
    to: { path: `(^|/)node_modules/(@types/)?${sdk.replace(".", "\\.").replace("*", "[^/]+")}/` },
  }));
}

export default {
  forbidden: [
    ...layerRules(),
    everyFolderHasALine,
    ...homeRules(),
    {
      name: "core: imports nothing but zod",
      severity: "error",
      from: { path: "^src/core/" },
      to: { pathNot: "^src/core/|(^|/)node_modules/zod/" },
    },
    {
      name: "sides: src knows neither adapters nor workers",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/main(\\.ts$|/)" },
      to: { path: "^(adapters|workers)/" },
    },
    {
      name: "sides: adapters don't know workers",
      severity: "error",
      from: { path: "^adapters/" },
      to: { path: "^workers/" },
    },
    {
      name: "sides: workers know no platform, only what all of them share",
      severity: "error",
      from: { path: "^workers/" },
      to: { path: "^adapters/", pathNot: "^adapters/(view|words|platform)\\.ts$" },
    },
    {
      name: "sides: adapters know nothing of models, tools or commands run",
      severity: "error",
      from: { path: "^adapters/" },
      to: { path: inside(["cli", "main.ts", "main", "agent", "model", "tools", "sandbox", "store"]) },
    },
    {
      name: "sides: a platform doesn't know another one",
      severity: "error",
      from: { path: `^adapters/(${platforms})/` },
      to: { path: `^adapters/(${platforms})/`, pathNot: "^adapters/$1/" },
    },
    {
      name: "sides: the product doesn't need its tests",
      severity: "error",
      from: { path: product },
      to: { path: "^(test|bench)/" },
    },
    {
      name: "packages: the product runs without development packages",
      severity: "error",
      from: { path: product },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"], pathNot: "(^|/)node_modules/@types/" },
    },
    {
      name: "packages: every package is in package.json",
      severity: "error",
      from: {},
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown"], dependencyTypesNot: ["type-only"] },
    },
    // mdast is types alone, from @types/mdast.
    { name: "imports: resolve", severity: "error", from: {}, to: { couldNotResolve: true, pathNot: "^mdast$" } },
    { name: "imports: no circles", severity: "error", from: {}, to: { circular: true } },
  ],
  options: {
    parser: "swc", // TypeScript 7 has no API that dependency-cruiser can use
    tsPreCompilationDeps: true, // imports of types count
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^adapters/web/page/" },
    enhancedResolveOptions: { extensions: [".ts", ".mjs", ".js", ".json"], exportsFields: ["exports"], conditionNames: ["import", "node", "default", "types"] },
  },
};
