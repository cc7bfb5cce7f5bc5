#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# release.sh [DIR] - makes what a release consists of from the committed source, in DIR
# (release/): the source, the Debian packages (the extension's for each PostgreSQL whose
# server headers are installed), a bill of materials (CycloneDX) of what they hold and
# link to, and SHA256SUMS over all. DIR is made new.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export PATH="$root/.tools/node_modules/.bin:$PATH"
out=${1:-$root/release}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

git clone -q "$root" "$work/source"
cd "$work/source"
version=$(dpkg-parsechangelog -S Version)
mkdir "$work/out"
git archive --prefix="careforall-$version/" HEAD | gzip -9n >"$work/out/careforall-$version.tar.gz"

debian/control.sh >"$work/control"
mv "$work/control" debian/control
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
dpkg-buildpackage --no-sign --build=binary >"$work/build.log" 2>&1 || {
  tail -n 20 "$work/build.log" >&2
  printf 'release: dpkg-buildpackage failed, its last lines are above\n' >&2
  exit 1
}
mv "$work"/*.deb "$work/out/"

# What the pages are made of, from the lock file, and the libraries that the programs
# link to with the fonts of receipts, as this machine has them.
# shellcheck disable=SC2016 # dpkg's own variables
linked() {
  { find debian/tmp debian/postgresql-*-careforall -type f \( -path '*/bin/*' -o -name '*.so' \) -exec ldd {} + 2>/dev/null |
    awk '$3 ~ /^\// { print $3 }' | sort -u | while read -r library; do
      dpkg-query -S "*$(readlink -f "$library" | sed 's|^/usr||')" 2>/dev/null | cut -d: -f1
    done
    printf '%s\n' fonts-dejavu-core fonts-droid-fallback fonts-freefont-ttf
  } | sort -u | xargs -r dpkg-query -W -f '${Package}\t${Version}\t${Architecture}\n'
}
(cd web && npm sbom --sbom-format cyclonedx --omit dev --package-lock-only) >"$work/web.json"
linked >"$work/linked.tsv"
node - "$work/web.json" "$work/linked.tsv" "$version" >"$work/out/careforall-$version.cdx.json" <<'JS'
const { readFileSync } = require("node:fs");
const [web, linked, version] = process.argv.slice(2);
const bill = JSON.parse(readFileSync(web, "utf8"));
bill.metadata.component = {
  type: "application", name: "careforall", version, "bom-ref": `careforall@${version}`,
  purl: `pkg:deb/careforall@${version}`,
};
delete bill.dependencies;
for (const line of readFileSync(linked, "utf8").trim().split("\n")) {
  const [name, release, arch] = line.split("\t");
  const purl = `pkg:deb/debian/${name}@${encodeURIComponent(release)}?arch=${arch}`;
  bill.components.push({ type: "library", name, version: release, purl, "bom-ref": purl });
}
console.log(JSON.stringify(bill, null, 2));
JS

(cd "$work/out" && sha256sum -- * >SHA256SUMS)
rm -rf "$out"
mv "$work/out" "$out"
ls -l "$out"
