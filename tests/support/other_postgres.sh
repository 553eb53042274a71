#!/usr/bin/env bash
# Another major version of PostgreSQL beside the system's: other_postgres.sh MAJOR FOLDER
#
# Its programs end up in FOLDER/postgresql-MAJOR/usr/lib/postgresql/MAJOR/bin. apt fetches and verifies the packages of the
# suite that has this version, in a root of its own: neither the system's sources, nor its packages, nor its libraries
# change. They are only unpacked, and the programs told to use the loader and the libraries that lie beside them. Works as an
# ordinary user. Takes some ten seconds the first time and nothing afterwards. The folder stays where it was made.
# Needs apt, patchelf and the keys of Debian's archive.
set -euo pipefail

major=$1
mkdir -p "$2"
folder=$(cd "$2" && pwd)/postgresql-$major
bin=usr/lib/postgresql/$major/bin
mirror=http://deb.debian.org/debian keyring=/usr/share/keyrings/debian-archive-keyring.gpg

case $major in
    13) suite=bullseye ;;
    15) suite=bookworm ;;
    17) suite=trixie ;;
    18) suite=forky ;;
    12 | 14 | 16)
        # Debian releases have odd versions, Ubuntu's the others. Debian vouches for Ubuntu's keys.
        suite=$(sed "s/12/focal/; s/14/jammy/; s/16/noble/" <<<"$major")
        mirror=http://archive.ubuntu.com/ubuntu ;;
    *) echo "no suite known that has PostgreSQL $major" >&2; exit 1 ;;
esac

there() { [ -x "$folder/$bin/postgres" ]; }
! there || exit 0 # also for who may not write here
exec 9>"$folder.lock"
flock 9
! there || exit 0
root=$folder.part
rm -rf "$root"
trap 'rm -rf "$root"' EXIT

# apt_root NAME SOURCE KEYRING: an empty system that knows one suite. Of the real one it takes only how to reach a mirror.
apt_root() {
    apt=$root/$1
    mkdir -p "$apt"/etc/{apt.conf.d,preferences.d,trusted.gpg.d} "$apt"/lists/partial "$apt"/debs/partial
    : >"$apt/status"
    echo "deb [signed-by=$3] $2" >"$apt/etc/sources.list"
    {
        apt-config dump | grep -E '^Acquire::(https?::|Check-)' || true
        cat <<CONF
Dir::Etc "$apt/etc";
Dir::State::status "$apt/status";
Dir::State::lists "$apt/lists";
Dir::Cache "$apt";
Dir::Cache::archives "$apt/debs";
Dir::Log "$apt";
Acquire::Languages "none";
Acquire::Retries "1";
Acquire::http::Timeout "15";
APT::Update::Error-Mode "any";
APT::Sandbox::User "";
CONF
    } >"$apt/apt.conf"
    export APT_CONFIG=$apt/apt.conf
    apt-get -qq update
}

if [[ $mirror = *ubuntu ]]; then
    apt_root keys "http://deb.debian.org/debian trixie main" "$keyring"
    (cd "$root" && apt-get -qq download ubuntu-keyring)
    dpkg-deb -x "$root"/ubuntu-keyring_*.deb "$root/keyring"
    keyring=$root/keyring/usr/share/keyrings/ubuntu-archive-keyring.gpg
fi
apt_root apt "$mirror $suite main" "$keyring"

# The server, its client and the libraries they link; not what its maintainer scripts need, and no compiler for queries.
packages=$(apt-get -qq --simulate --no-install-recommends install "postgresql-$major" | sed -n 's/^Inst \([^ ]*\) .*/\1/p' |
    grep -E "^(lib|zlib1g$|postgresql-(client-)?$major$)" | grep -vE -- '-perl$|^lib(llvm|z3|perl|clang|systemd-shared|pam-)|-common$')
(cd "$apt/debs" && apt-get -qq download $packages)
mkdir "$root/tree"
for deb in "$apt"/debs/*.deb; do
    dpkg-deb -x "$deb" "$root/tree"
done
cd "$root/tree"
rm -rf usr/share/doc usr/share/man usr/share/locale "usr/lib/postgresql/$major/lib/"llvmjit* "usr/lib/postgresql/$major/lib/bitcode"

# here NAME: the folder a library is in, as it will be called; suites before and after the merge of /lib and /usr/lib differ.
here() { find . -name "$1" ! -xtype l -printf '%h\n' | sed "s|^\.|$folder|" | sort | head -n 1; }
libraries=$(printf '%s\n' "$(here libc.so.6)" "$(here libpq.so.5)" | uniq | paste -sd:)
for program in "$bin"/*; do
    if loader=$(patchelf --print-interpreter "$program" 2>/dev/null); then
        loader=$(basename "$loader")
        patchelf --set-interpreter "$(here "$loader")/$loader" --force-rpath --set-rpath "$libraries" "$program"
    fi
done
mv "$root/tree" "$folder"
"$folder/$bin/postgres" --version
