#!/usr/bin/env bash
# Test scripts run beside each other, and beside whatever else this machine does: none may end processes by their name.
. "$(dirname "$0")/lib.sh"
if grep -rnE '\b(pkill|killall|pidof|pgrep)[[:space:]]' "$source_dir/tests" "$source_dir/jobs" "$source_dir/slurm" --include='*.sh' 2>/dev/null; then
    die "processes are found by name; keep the number of what was started (\$!, ranks in lib.sh)"
fi
