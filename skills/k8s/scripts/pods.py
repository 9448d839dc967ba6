#!/usr/bin/env python3
"""Lists the unwell pods in the output of `kubectl get pods -o json` (a pipe or a file), worst first, with what to do next."""
import json
import sys
from datetime import datetime, timezone

# The lower, the worse.
RANK = {
    "CrashLoopBackOff": 0, "OOMKilled": 0, "Error": 1, "CreateContainerConfigError": 1, "CreateContainerError": 1,
    "ImagePullBackOff": 2, "ErrImagePull": 2, "InvalidImageName": 2, "RunContainerError": 2, "Evicted": 3,
    "Unschedulable": 3, "Failed": 3, "NodeLost": 3, "Terminating": 4, "NotReady": 5, "Pending": 5, "Restarting": 6,
}


def age(stamp, now):
    try:
        then = datetime.fromisoformat(stamp.replace("Z", "+00:00"))
    except (AttributeError, ValueError):
        return "?"
    seconds = max(0, int((now - then).total_seconds()))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def states(pod):
    status = pod.get("status", {})
    for kind in ("initContainerStatuses", "containerStatuses"):
        for each in status.get(kind) or []:
            yield kind.startswith("init"), each


def trouble(pod, now):
    """(reason, detail, container) of a pod, or None where it is well."""
    meta, status = pod.get("metadata", {}), pod.get("status", {})
    phase = status.get("phase", "Unknown")
    if meta.get("deletionTimestamp"):
        return "Terminating", f"for {age(meta['deletionTimestamp'], now)}; finalizers: {', '.join(meta.get('finalizers', [])) or 'none'}", ""
    if status.get("reason") in ("Evicted", "NodeLost"):
        return status["reason"], status.get("message", "")[:160], ""
    for init, each in states(pod):
        name = each.get("name", "")
        state, last = each.get("state", {}), (each.get("lastState") or {}).get("terminated") or {}
        waiting, ended = state.get("waiting"), state.get("terminated")
        killed = last.get("reason") == "OOMKilled" or (ended or {}).get("reason") == "OOMKilled"
        if waiting and waiting.get("reason") not in ("PodInitializing", "ContainerCreating", None):
            reason = "OOMKilled" if killed else waiting["reason"]
            before = f"exit code {last['exitCode']}" if "exitCode" in last else ""
            return reason, "; ".join(x for x in (before, (waiting.get("message") or "")[:160]) if x), name
        if ended and ended.get("exitCode", 0) != 0 and (init or phase != "Succeeded"):
            return ("OOMKilled" if killed else ended.get("reason") or "Error"), f"exit code {ended['exitCode']}", name
        if each.get("restartCount", 0) >= 3 and last and age(last.get("finishedAt"), now)[-1] in "sm":
            return ("OOMKilled" if killed else "Restarting"), f"{each['restartCount']} restarts, the last {age(last.get('finishedAt'), now)} ago, exit code {last.get('exitCode')}", name
    if phase == "Pending":
        for condition in status.get("conditions") or []:
            if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
                return condition.get("reason") or "Unschedulable", (condition.get("message") or "")[:200], ""
        return "Pending", f"for {age(meta.get('creationTimestamp'), now)}", ""
    if phase in ("Failed", "Unknown"):
        return "Failed", status.get("message", phase)[:160], ""
    if phase == "Running":
        unready = [each.get("name", "") for init, each in states(pod) if not init and not each.get("ready")]
        if unready:
            return "NotReady", f"container {', '.join(unready)}", unready[0]
    return None


def main():
    text = sys.stdin.read() if len(sys.argv) < 2 or sys.argv[1] == "-" else open(sys.argv[1], encoding="utf-8").read()
    try:
        data = json.loads(text)
    except ValueError as error:
        sys.exit(f"This is not the output of `kubectl get pods -o json`: {error}")
    pods = data.get("items", [data] if data.get("kind") == "Pod" else [])
    now = datetime.now(timezone.utc)
    found = []
    for pod in pods:
        wrong = trouble(pod, now)
        if wrong:
            meta = pod.get("metadata", {})
            restarts = sum(each.get("restartCount", 0) for _, each in states(pod))
            found.append((RANK.get(wrong[0], 3), meta.get("namespace", "default"), meta.get("name", "?"), restarts, wrong, pod.get("spec", {}).get("nodeName", "no node")))
    found.sort()
    print(f"{len(pods)} pods, {len(found)} unwell")
    for _, namespace, name, restarts, (reason, detail, container), node in found:
        print(f"\n{reason}: {namespace}/{name} on {node}, {restarts} restarts")
        if detail:
            print(f"  {detail}")
        if reason in ("CrashLoopBackOff", "OOMKilled", "Error", "Restarting"):
            print(f"  next: kubectl logs -n {namespace} {name} -c {container} --previous --tail=50")
        else:
            print(f"  next: kubectl describe pod -n {namespace} {name}")


main()
