/**
 * What runs in the sandbox's Python before the model's code: it keeps the two pipes to us for itself, gives the code a `hermes_tools`
 * module whose functions ask us over them, and lets everything that is printed go to stderr. The first line on stdin is
 * `{"code": …, "tools": {name: [parameter, …]}}`; each call is a line of JSON, and so is its answer.
 */
export const bootstrap = `
import sys
# What lies where it runs is for the code, not for us: a json.py there is nobody's json.
sys.path[:] = [each for each in sys.path if each]
import json, os, threading, traceback, types
_in = os.fdopen(os.dup(0), "r", encoding="utf-8", newline="\\n")
_out = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\\n")
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
os.dup2(2, 1)
sys.stdout.reconfigure(encoding="utf-8", errors="replace", line_buffering=True)
_start = json.loads(_in.readline())
_lock = threading.Lock()
_m = types.ModuleType("hermes_tools", "The agent's tools. Each returns text; a failure raises ToolError.")
class ToolError(Exception): pass
def _call(name, names, args, kwargs):
    if len(args) > len(names): raise TypeError(name + " takes " + ", ".join(names))
    wish = dict(zip(names, args)); wish.update(kwargs)
    with _lock:
        _out.write(json.dumps({"tool": name, "args": wish}) + "\\n"); _out.flush()
        line = _in.readline()
    if not line: raise ToolError("the agent is gone")
    answer = json.loads(line)
    if not answer["ok"]: raise ToolError(answer["text"])
    return answer["text"]
def _make(name, names):
    def tool(*args, **kwargs): return _call(name, names, args, kwargs)
    tool.__name__ = name; tool.__doc__ = name + "(" + ", ".join(names) + ")"
    return tool
for _name, _names in _start["tools"].items(): setattr(_m, _name, _make(_name, _names))
_m.ToolError = ToolError
sys.modules["hermes_tools"] = _m
sys.argv = ["code.py"]; sys.path.insert(0, os.getcwd())
try:
    exec(compile(_start["code"], "code.py", "exec"), {"__name__": "__main__", "__builtins__": __builtins__})
except SystemExit: raise
except BaseException as error:
    error.__traceback__ = error.__traceback__ and error.__traceback__.tb_next
    traceback.print_exception(type(error), error, error.__traceback__)
    sys.exit(1)
`;
