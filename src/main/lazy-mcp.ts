import type { Hub, HubOptions } from "../tools/mcp/hub.ts";

/** The MCP servers, with their client loaded where one is configured: it would cost every start 0.2 s and 10 MB. */
export function lazyHub(options: HubOptions): Hub {
  const state: { hub: Hub | null } = { hub: null };
  return {
    async follow(entries) {
      if (state.hub === null && entries.length === 0) return;
      const { openHub } = await import("../tools/mcp/hub.ts");
      state.hub ??= openHub(options);
      await state.hub.follow(entries);
    },
    tools: () => state.hub?.tools() ?? [],
    servers: () => state.hub?.servers() ?? [],
    close: async () => await state.hub?.close(),
  };
}
