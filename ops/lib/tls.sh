# shellcheck shell=bash
# A certificate authority of our own for the local network, in var/tls. Phones grant camera, position and offline work
# to HTTPS pages only, and no public authority signs for a private address.

# Prints this machine's IPv4 addresses, one a line, private ones only if there are any; the first is for people.
lan_addresses() {
    local address private=() other=()
    for address in $(hostname -I); do
        case $address in
            10.* | 192.168.* | 172.1[6-9].* | 172.2[0-9].* | 172.3[01].*) private+=("$address") ;;
            *:*) ;;
            *) other+=("$address") ;;
        esac
    done
    ((${#private[@]} > 0)) || private=("${other[@]}")
    ((${#private[@]} == 0)) || printf '%s\n' "${private[@]}"
}

# What the authority may sign for, whoever gets hold of its key: private networks, this machine, .local names and the
# addresses given. Nobody can read a bank's traffic with it.
constraints() {
    local address allowed=critical
    allowed+=",permitted;IP:10.0.0.0/255.0.0.0,permitted;IP:172.16.0.0/255.240.0.0,permitted;IP:192.168.0.0/255.255.0.0"
    allowed+=",permitted;IP:127.0.0.0/255.0.0.0,permitted;DNS:local,permitted;DNS:localhost"
    for address in "$@"; do allowed+=",permitted;IP:$address/255.255.255.255"; done
    printf '%s\n' "$allowed"
}

# make_authority DIR ADDRESS...: once; the key never leaves DIR.
make_authority() {
    local dir=$1
    shift
    [[ -f $dir/ca.key && -f $dir/public/ca.crt ]] && return 0
    mkdir -p "$dir/public"
    chmod 700 "$dir"
    openssl ecparam -name prime256v1 -genkey -noout -out "$dir/ca.key"
    chmod 600 "$dir/ca.key"
    openssl req -x509 -new -key "$dir/ca.key" -sha256 -days 3650 -out "$dir/public/ca.crt" \
        -subj "/CN=Fieldloop local authority $(hostname)" \
        -addext 'basicConstraints=critical,CA:TRUE,pathlen:0' -addext 'keyUsage=critical,keyCertSign,cRLSign' \
        -addext "nameConstraints=$(constraints "$@")"
}

# make_certificate DIR ADDRESS...: anew when the addresses changed or less than 30 days are left.
make_certificate() {
    local dir=$1 address names
    shift
    names="DNS:$(hostname).local,DNS:localhost,IP:127.0.0.1"
    for address in "$@"; do names+=",IP:$address"; done
    if [[ -f $dir/server.crt && $(cat "$dir/server.names" 2>/dev/null) == "$names" ]] &&
        openssl x509 -in "$dir/server.crt" -noout -checkend $((30 * 86400)) >/dev/null &&
        openssl verify -CAfile "$dir/public/ca.crt" "$dir/server.crt" >/dev/null 2>&1; then
        return 0
    fi
    openssl ecparam -name prime256v1 -genkey -noout -out "$dir/server.key"
    chmod 600 "$dir/server.key"
    # 397 days: iOS trusts no server certificate that is valid for longer.
    openssl req -new -key "$dir/server.key" -subj "/CN=Fieldloop" |
        openssl x509 -req -CA "$dir/public/ca.crt" -CAkey "$dir/ca.key" -sha256 -days 397 \
            -set_serial "0x$(openssl rand -hex 16)" -out "$dir/server.crt" -extfile <(
                printf 'subjectAltName=%s\nbasicConstraints=critical,CA:FALSE\n' "$names"
                printf 'keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n'
            ) 2>/dev/null
    printf '%s\n' "$names" >"$dir/server.names"
    openssl verify -CAfile "$dir/public/ca.crt" "$dir/server.crt" >/dev/null 2>&1 ||
        fail "the authority in $dir may not sign for $*; remove $dir and install the new one on the phones"
}

# lan_help BOARD_ADDRESS AUTHORITY_ADDRESS
lan_help() {
    say "On the phone, in the same network:"
    say "1. Once: open $2 and install the certificate."
    say "   iOS: Settings > General > VPN & Device Management > install; then About > Certificate Trust Settings > on."
    say "   Android: Settings > Security > Encryption & credentials > Install a certificate > CA certificate."
    say "   Its SHA-256 fingerprint must be:"
    say "   $(openssl x509 -in var/tls/public/ca.crt -noout -fingerprint -sha256 | cut -d= -f2)"
    qrencode -t ansiutf8 "$2"
    say "2. Open the board, or an engineer's own link (below): $1"
    qrencode -t ansiutf8 "$1"
}
