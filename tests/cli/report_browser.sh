#!/usr/bin/env bash
# Pages of facesdist-report in a browser: nothing is complained about under the page's own policy, light and dark; the time is printed, not judged.
# Time limit: 300 s
. "$2/tests/tools/lib.sh"
"$python" -c 'import h5py, numpy' 2>/dev/null || skip "no python3-h5py"
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || skip "no chromium"
open() { timeout 240 "$browser" --headless=new --no-sandbox --disable-gpu --enable-logging=stderr --user-data-dir="$scratch/profile" "$@" >shown 2>log; }
open --dump-dom about:blank || skip "chromium does not start"

for faces in 1 10000; do
    "$python" "$source_dir/tests/tools/page_result.py" made.h5 $faces 4 || die "no result"
    expect 0 facesdist-report made.h5 -o made.html
    for scheme in 0 1; do   # dark, light
        start=$(date +%s%N)
        open --blink-settings=preferredColorScheme=$scheme --dump-dom "file://$PWD/made.html" || die "the browser failed"
        echo "$faces faces, scheme $scheme: $((($(date +%s%N) - start) / 1000000)) ms with the browser's start"
        grep -q 'this page loads nothing' shown || die "the page is not whole"
        grep CONSOLE log && die "the browser complains"
    done
done
# A style that is not the one the policy knows is complained about: the check above can fail.
sed 's/color-scheme:light/color-scheme:light /' made.html >other.html
open --dump-dom "file://$PWD/other.html" || die "the browser failed"
grep -q CONSOLE log || die "a page that breaks its policy passes"
