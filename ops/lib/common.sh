# shellcheck shell=bash
# What the scripts in ops/ share. They source it after changing to the project's root.

# Debian keeps the broker where only root's PATH looks.
export PATH=$PATH:/usr/sbin:/sbin

say() { printf '%s\n' "$*"; }
step() { printf '\n== %s\n' "$*"; }
fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# Fails unless Swift 6.3 or newer is on PATH. On a bare Debian the toolchain lacks libraries; those are packages.
need_swift() {
    local said hint='Swift 6.3 or newer: https://www.swift.org/install/linux/'
    command -v swift >/dev/null || fail "no swift on PATH. $hint"
    if ! said=$(swift --version 2>&1); then
        [[ $said != *"shared libraries"* ]] || ops/install build
        said=$(swift --version 2>&1) || fail "swift does not start: $said. $hint"
    fi
    [[ $said =~ Swift\ version\ ([0-9]+\.[0-9]+) ]] || fail "swift does not tell its version: $said. $hint"
    if [[ $(printf '%s\n' 6.3 "${BASH_REMATCH[1]}" | sort -V | head -n 1) != 6.3 ]]; then
        fail "Swift ${BASH_REMATCH[1]} is too old. $hint"
    fi
}

# Whether somebody answers on the TCP port $1 of this machine.
is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Prints port $1, or the next one that nobody uses.
port_from() {
    local port
    for ((port = $1; port < $1 + 100; port++)); do
        if ! is_taken "$port"; then
            printf '%s\n' "$port"
            return
        fi
    done
    fail "no free port between $1 and $((port - 1))"
}

# Prints a port that nobody uses, below the range that the kernel hands out.
any_port() { port_from $((20000 + RANDOM % 12000)); }
