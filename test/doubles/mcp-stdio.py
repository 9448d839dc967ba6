"""An MCP server over stdio, in plain Python: `env` tells what it was given to know, `add` adds, `die` ends it."""
import json
import os
import sys

TOOLS = [
    {
        "name": "env",
        "description": "A variable's value",
        "inputSchema": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
        "annotations": {"readOnlyHint": True},
    },
    {
        "name": "add",
        "description": "Adds two numbers",
        "inputSchema": {"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "number"}}, "required": ["a", "b"]},
    },
    {"name": "die", "description": "Ends", "inputSchema": {"type": "object", "properties": {}}},
]


def result(method, params):
    if method == "initialize":
        info = {"name": "plain", "version": "1"}
        return {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": info}
    if method == "tools/list":
        return {"tools": TOOLS}
    if method == "tools/call":
        name, args = params["name"], params.get("arguments", {})
        if name == "die":
            print("out of ink", file=sys.stderr, flush=True)
            sys.exit(3)
        text = str(os.environ.get(args["name"])) if name == "env" else str(args["a"] + args["b"])
        return {"content": [{"type": "text", "text": text}]}
    return {}


print("this line is no message", flush=True)
for line in sys.stdin:
    message = json.loads(line)
    if "id" in message:
        answer = {"jsonrpc": "2.0", "id": message["id"], "result": result(message["method"], message.get("params", {}))}
        print(json.dumps(answer), flush=True)
