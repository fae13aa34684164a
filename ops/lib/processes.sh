# shellcheck shell=bash
# Children that this script starts, watches and stops by pid, last started first.

declare -A child_pid=()
child_order=()

# start NAME LOG COMMAND...: in the background, in a session of its own (Ctrl-C reaches only the script, which stops
# the children in order) and with the kernel's promise to end it when the script dies. LOG `-` is the script's output.
start() {
    local name=$1 log=$2
    shift 2
    if [[ $log == - ]]; then
        setsid setpriv --pdeathsig TERM "$@" </dev/null 9>&- &
    else
        setsid setpriv --pdeathsig TERM "$@" >>"$log" 2>&1 </dev/null 9>&- &
    fi
    child_pid[$name]=$!
    child_order+=("$name")
}

is_alive() { [[ -n ${child_pid[$1]:-} ]] && kill -0 "${child_pid[$1]}" 2>/dev/null; }

# Ends the child $1 if it still runs: asks, waits up to 20 s, then insists.
stop() {
    local name=$1 pid=${child_pid[$1]:-} tenths
    [[ -n $pid ]] || return 0
    unset "child_pid[$name]"
    kill -TERM "$pid" 2>/dev/null || return 0
    for ((tenths = 0; tenths < 200; tenths++)); do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.1
    done
    say "$name did not stop within 20 s; killing it"
    kill -KILL "$pid" 2>/dev/null || true
}

stop_all() {
    local index
    for ((index = ${#child_order[@]} - 1; index >= 0; index--)); do stop "${child_order[index]}"; done
}

# await NAME LOG SECONDS COMMAND...: until COMMAND succeeds; fails early, showing the log, when the child dies.
await() {
    local name=$1 log=$2 tenths=$(($3 * 10))
    shift 3
    while ((tenths-- > 0)); do
        if "$@" >/dev/null 2>&1; then return 0; fi
        is_alive "$name" || break
        sleep 0.1
    done
    tail -n 20 "$log" >&2 || true
    fail "$name did not come up; its log is $log"
}
