#!/usr/bin/env bash
# Fault 3: zero bytes and no permission are recorded; a folder named .jpg is walked like any folder.
. "$(dirname "$0")/../tools/lib.sh"
mkdir -p in/folder.jpg && face in/folder.jpg/inside.jpg && : >in/empty.jpg && face in/locked.jpg
chmod 000 in/locked.jpg
job in -o x.h5
is x.h5 empty.jpg status empty
is x.h5 folder.jpg/inside.jpg status ok
if [ "$(id -u)" = 0 ]; then   # root reads everything: drop to nobody, if that can be done
    chmod 777 "$scratch" in && chmod 755 in/folder.jpg
    if command -v setpriv >/dev/null && setpriv --reuid=65534 --clear-groups test -x "$bin/facesdist"; then
        expect 0 setpriv --reuid=65534 --clear-groups env HOME=/tmp facesdist in -o y.h5 --threads 1
        is y.h5 locked.jpg status unreadable
    else
        echo "the permission part needs a program folder that nobody may read: not run"
    fi
else
    is x.h5 locked.jpg status unreadable
fi
