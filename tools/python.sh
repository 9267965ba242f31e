#!/bin/sh
# Runs the Python of the environment: sh tools/python.sh -m pytest. The targets of `make` do.
#
# The environment is .venv, with the packages of requirements.lock and gradlib itself. It is made by the first call,
# and made again where it does not work: after the folder was moved or copied, after Python was upgraded or removed,
# after the first call was interrupted. Where you cannot write into this folder, it is in your data folder.
# PYTHON=python3.12 in the environment chooses the Python that makes it.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd -P)
cd "$here"

# What a shell may hold for other projects would put other packages, kernels or settings into this environment.
unset PYTHONPATH PYTHONHOME PYTHONSTARTUP PIP_TARGET PIP_PREFIX PIP_ROOT MPLBACKEND JUPYTER_PATH
export PIP_USER=0 JUPYTER_PREFER_ENV_PATH=1
# With bytecode kept on disk a kernel starts in 1.7 s, without in 4.1 s.
unset PYTHONDONTWRITEBYTECODE
# A company's proxy has a certificate that the system knows, and uv by itself does not.
export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS-1}"

say() { printf '%s\n' "$1" >&2; }

stop() {
    printf '\n%s\n\n' "$1" >&2
    exit 1
}

version() { "$1" -c 'import platform; print(platform.python_version())' 2>/dev/null; }

recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    if [ -n "${PYTHON:-}" ]; then set -- "$PYTHON"; else set -- python3 python3.13 python3.12 python3.11 python; fi
    for candidate; do
        if recent "$candidate"; then
            echo "$candidate"
            return
        fi
    done
}

stop_without_python() {
    name=${PYTHON:-python3}
    if found=$(version "$name"); then
        problem="gradlib needs Python 3.11 or newer, and $name is Python $found."
    else
        problem="gradlib needs Python 3.11 or newer, and there is no $name here that runs."
    fi
    stop "$problem
Install a newer one (python.org, your system's packages, conda, or uv, which brings its own), then type the same
command again. If a newer one is already here under another name, say which: make lab PYTHON=/path/to/python3.12"
}

make_environment() {
    python=$(find_python)
    if [ -n "$python" ]; then
        say "Making the environment in $venv with Python $(version "$python")."
    elif [ -z "${PYTHON:-}" ] && command -v uv >/dev/null; then
        say "No Python 3.11 or newer is here: uv brings one into the environment in $venv."
        python=3.12
    else
        stop_without_python
    fi
    rm -rf "$venv" || stop "The old environment could not be removed: the lines above say why. Remove $venv, as the user who made it."
    if command -v uv >/dev/null; then
        uv venv --quiet --seed --python "$python" "$venv" && return
        rm -rf "$venv"
        recent "$python" || stop_without_python
    fi
    "$python" -m venv "$venv" && return
    rm -rf "$venv"
    stop "Python $(version "$python") is here, but its module venv, which makes environments, is not whole.
On Debian and Ubuntu install it with: sudo apt install python3-venv
Without root rights: install uv (pipx install uv) or use conda (conda env create -f environment.yml).
Then type the same command again."
}

install_with_uv() {
    if command -v uv >/dev/null; then
        uv=uv
    else
        uv=$venv/bin/uv
        [ -x "$uv" ] || "$venv/bin/python" -m pip install --quiet --retries 1 uv || return
    fi
    "$uv" pip install --quiet --python "$venv/bin/python" -r requirements.lock &&
        "$uv" pip install --quiet --python "$venv/bin/python" --no-deps -e .
}

install_with_pip() {
    "$venv/bin/python" -m pip install --quiet --retries 1 -r requirements.lock &&
        "$venv/bin/python" -m pip install --quiet --retries 1 --no-deps -e .
}

install() {
    say "Installing the packages of requirements.lock (the first time takes up to a minute)."
    log=$venv/install.log
    if install_with_uv >"$log" 2>&1; then return; fi
    cat "$log" >&2
    say "uv could not install the packages, for the reason above: pip tries."
    if install_with_pip >"$log.pip" 2>&1; then return; fi
    cat "$log.pip" >&2
    false
}

# The cause, by the words that uv and pip have for it, the more certain ones first.
cause() {
    case $(cat "$log" "$log.pip" 2>/dev/null) in
    *"No space left"* | *"os error 28"* | *"Disk quota exceeded"*)
        echo "There is no room left on the disk." ;;
    *ertificate* | *CERTIFICATE*)
        echo "The connection is secured by a certificate that this machine does not know, most often that of a proxy. Whoever runs
the network has it: name its file in SSL_CERT_FILE and in PIP_CERT." ;;
    *"ermission denied"* | *"os error 13"* | *"ead-only file system"*)
        echo "A file could not be written, and the lines above name it." ;;
    *)
        echo "Most often the network is missing: look at the connection, and behind a proxy set HTTPS_PROXY. Behind a mirror,
look at its address in pip's and uv's settings." ;;
    esac
}

# Whether the environment's Python runs, is recent, and finds gradlib in this folder and nowhere else.
fits() {
    "$1/bin/python" -I - "$here" >/dev/null 2>&1 <<'PYTHON'
import importlib.util, os, sys

spec = importlib.util.find_spec("gradlib")
folder = os.path.dirname(os.path.dirname(spec.origin))
sys.exit(not (sys.version_info >= (3, 11) and os.path.samefile(folder, sys.argv[1])))
PYTHON
}

# The last thing that is written into an environment: where it belongs, its Python, what is installed.
stamp() {
    printf 'folder %s\npython %s\npackages %s\n' "$here" "$(version "$1/bin/python")" "$(packages)"
}

packages() { cat pyproject.toml requirements.lock | cksum; }

was() { while read -r name value; do [ "$name" != "$1" ] || printf '%s' "$value"; done <"$ready"; }

choose_environment() {
    venv=.venv ready=.venv/.installed
    if [ -w . ] || { fits .venv && [ "$(was packages)" = "$(packages)" ]; }; then return; fi
    case $(uname -s) in
    Darwin) data=$HOME/Library/Application\ Support ;;
    *) data=${XDG_DATA_HOME:-$HOME/.local/share} ;;
    esac
    venv=$data/gradlib/environment ready=$data/gradlib/environment/.installed
    say "You cannot write into $here, so the environment is in $venv."
    mkdir -p "$data/gradlib"
}

# Why an environment that is there does not fit; nothing if it fits.
misfit() {
    if [ ! -e "$ready" ]; then
        echo "The environment in $venv was not finished."
    elif fits "$venv"; then
        return
    elif ! version "$venv/bin/python" >/dev/null; then
        echo "The Python of the environment in $venv is gone, or does not run."
    elif [ "$(was folder)" != "$here" ]; then
        echo "The environment in $venv was made for another folder, $(was folder): this one was moved or copied."
    elif [ "$(was python)" != "$(version "$venv/bin/python")" ]; then
        echo "The environment in $venv was made for Python $(was python), which is now $(version "$venv/bin/python")."
    else
        echo "The environment in $venv does not have gradlib of this folder."
    fi
}

bring_up_to_date() {
    before=
    if [ ! -e "$venv" ] && [ ! -L "$venv" ]; then
        make_environment
    elif problem=$(misfit) && [ -n "$problem" ]; then
        say "$problem It is made again."
        make_environment
    elif [ "$(was packages)" = "$(packages)" ]; then
        return
    else
        before=$(cat "$ready")
    fi
    rm -f "$ready" # so that an interruption is known
    if ! install; then
        [ -z "$before" ] || echo "$before" >"$ready" # it works as it did
        stop "The packages could not be installed; the lines above say why.
$(cause)
Then type the same command again."
    fi
    fits "$venv" || stop "The packages were installed, but not into $venv. Look for target, prefix or root in the settings of pip:
$venv/bin/python -m pip config list"
    stamp "$venv" >"$ready.part"
    mv "$ready.part" "$ready"
}

choose_environment
bring_up_to_date
[ $# -eq 0 ] || exec "$venv/bin/python" "$@"
