#!/bin/sh
# What is known of one pod: its state, its events, and the end of its containers' logs. Changes nothing.
# usage: inspect.sh NAMESPACE POD [LINES]
set -u
if [ $# -lt 2 ]; then
  echo "usage: inspect.sh NAMESPACE POD [LINES]" >&2
  exit 2
fi
ns=$1
pod=$2
lines=${3:-30}
if ! command -v kubectl >/dev/null 2>&1; then
  echo "kubectl is not here. Ask for the output of: kubectl describe pod -n $ns $pod" >&2
  exit 3
fi
echo "== state"
kubectl get pod -n "$ns" "$pod" -o wide || exit 1
echo "== limits"
kubectl get pod -n "$ns" "$pod" -o 'jsonpath={range .spec.containers[*]}{.name}{": "}{.image}{" "}{.resources}{"\n"}{end}'
echo "== events"
kubectl get events -n "$ns" --field-selector "involvedObject.name=$pod" --sort-by=.lastTimestamp | tail -n 20
for container in $(kubectl get pod -n "$ns" "$pod" -o 'jsonpath={.spec.initContainers[*].name} {.spec.containers[*].name}'); do
  echo "== $container, before the last restart"
  kubectl logs -n "$ns" "$pod" -c "$container" --previous --tail="$lines" 2>/dev/null || echo "(none)"
  echo "== $container"
  kubectl logs -n "$ns" "$pod" -c "$container" --tail="$lines" 2>&1
done
