# shellcheck shell=bash
# A small image without a network: an OCI layout written by hand. Sourced after common.sh.

# blob FOLDER FILE: moves a file to its place among the blobs; prints its digest and size.
blob() {
    local digest size
    digest=$(sha256sum "$2" | cut -d ' ' -f 1)
    size=$(stat -c %s "$2")
    mv "$2" "$1/blobs/sha256/$digest"
    printf 'sha256:%s %s\n' "$digest" "$size"
}

# make_image FOLDER TEXT: an image of one layer with one file; prints the digest of its configuration,
# which stays the same whatever a client does to the layers.
make_image() {
    local folder=$1 work layer layer_size config config_size manifest manifest_size
    mkdir -p "$folder/blobs/sha256"
    work=$(mktemp -d)
    printf '%s\n' "$2" >"$work/hello.txt"
    tar -C "$work" --sort=name --owner=0 --group=0 --mtime=@0 -cf "$work/layer.tar" hello.txt
    read -r layer layer_size < <(blob "$folder" "$work/layer.tar")
    printf '{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["%s"]}}' \
        "$layer" >"$work/config.json"
    read -r config config_size < <(blob "$folder" "$work/config.json")
    printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":%s},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"%s","size":%s}]}' \
        "$config" "$config_size" "$layer" "$layer_size" >"$work/manifest.json"
    read -r manifest manifest_size < <(blob "$folder" "$work/manifest.json")
    printf '{"imageLayoutVersion":"1.0.0"}' >"$folder/oci-layout"
    printf '{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"%s","size":%s,"annotations":{"org.opencontainers.image.ref.name":"latest"}}]}' \
        "$manifest" "$manifest_size" >"$folder/index.json"
    rm -r "$work"
    printf '%s\n' "$config"
}
