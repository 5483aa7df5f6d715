//! A small image, written by hand as an OCI layout: nothing is pulled from anywhere.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Value, json};

/// An image in a folder that every client can read: `oci:FOLDER:latest`.
#[derive(Debug)]
pub struct Image {
    /// The layout's folder.
    pub folder: PathBuf,
    /// The digest of its configuration, which no client changes, also where one compresses layers.
    pub id: String,
}

impl Image {
    /// Writes an image of `layers` layers of `layer_bytes` each, different for each `content`.
    pub fn write(folder: &Path, content: &str, layers: usize, layer_bytes: usize) -> Result<Self> {
        fs::create_dir_all(folder.join("blobs/sha256"))?;
        fs::write(
            folder.join("oci-layout"),
            r#"{"imageLayoutVersion":"1.0.0"}"#,
        )?;
        let mut descriptors = Vec::new();
        let mut diff_ids = Vec::new();
        for layer in 0..layers {
            let name = format!("layer-{layer}.txt");
            let text = format!("{content} {layer}\n").repeat(layer_bytes / (content.len() + 3) + 1);
            let blob = blob(folder, &tar(&name, text.as_bytes())?)?;
            diff_ids.push(blob.digest.clone());
            descriptors.push(blob.descriptor("application/vnd.oci.image.layer.v1.tar"));
        }
        let config = blob(
            folder,
            &serde_json::to_vec(&json!({
                "architecture": "amd64",
                "os": "linux",
                "config": {"Cmd": ["/layer-0.txt"]},
                "rootfs": {"type": "layers", "diff_ids": diff_ids},
                "history": vec![json!({"created_by": content}); layers],
            }))?,
        )?;
        let manifest = blob(
            folder,
            &serde_json::to_vec(&json!({
                "schemaVersion": 2,
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": config.descriptor("application/vnd.oci.image.config.v1+json"),
                "layers": descriptors,
            }))?,
        )?;
        let mut entry = manifest.descriptor("application/vnd.oci.image.manifest.v1+json");
        if let Some(entry) = entry.as_object_mut() {
            entry.insert(
                "annotations".to_owned(),
                json!({"org.opencontainers.image.ref.name": "latest"}),
            );
        }
        fs::write(
            folder.join("index.json"),
            serde_json::to_vec(&json!({"schemaVersion": 2, "manifests": [entry]}))?,
        )?;
        Ok(Self {
            folder: folder.to_owned(),
            id: config.digest,
        })
    }

    /// Writes the smallest image that clients take: one layer of a few bytes.
    pub fn tiny(folder: &Path, content: &str) -> Result<Self> {
        Self::write(folder, content, 1, 64)
    }

    /// The id of the one image in an OCI layout that a client wrote.
    pub fn id_in(folder: &Path) -> Result<String> {
        let index: Value = serde_json::from_slice(&fs::read(folder.join("index.json"))?)?;
        let manifest = index
            .pointer("/manifests/0/digest")
            .and_then(Value::as_str)
            .context("no manifest in the layout")?;
        let path = folder.join("blobs").join(manifest.replace(':', "/"));
        config_digest(&fs::read(path)?)
    }
}

/// The image id that a manifest names.
pub fn config_digest(manifest: &[u8]) -> Result<String> {
    let manifest: Value = serde_json::from_slice(manifest)?;
    let digest = manifest.pointer("/config/digest").and_then(Value::as_str);
    Ok(digest
        .context("no configuration in the manifest")?
        .to_owned())
}

struct Blob {
    digest: String,
    size: usize,
}

impl Blob {
    fn descriptor(&self, media_type: &str) -> Value {
        json!({"mediaType": media_type, "digest": self.digest, "size": self.size})
    }
}

fn blob(folder: &Path, bytes: &[u8]) -> Result<Blob> {
    let digest = digest(&SHA256, bytes);
    let hex = data_encoding::HEXLOWER.encode(digest.as_ref());
    fs::write(folder.join("blobs/sha256").join(&hex), bytes)?;
    Ok(Blob {
        digest: format!("sha256:{hex}"),
        size: bytes.len(),
    })
}

/// A tar archive of one file (POSIX ustar).
fn tar(name: &str, content: &[u8]) -> Result<Vec<u8>> {
    // Offsets and widths of a ustar header: name 0, mode 100, uid 108, gid 116, size 124, mtime 136,
    // checksum 148, type 156, magic 257.
    let mut header = Vec::with_capacity(512);
    header.extend(field(name.as_bytes(), 100));
    header.extend(b"0000755\0");
    header.extend(b"0000000\0");
    header.extend(b"0000000\0");
    header.extend(format!("{:011o}\0", content.len()).bytes());
    header.extend(b"00000000000\0");
    // The checksum counts itself as spaces.
    let rest = [
        b"0".as_slice(),
        &field(b"", 100),
        b"ustar\x0000",
        &field(b"", 247),
    ]
    .concat();
    let sum = header
        .iter()
        .chain(&rest)
        .map(|&byte| u32::from(byte))
        .sum::<u32>()
        + 8 * u32::from(b' ');
    header.extend(format!("{sum:06o}\0 ").bytes());
    header.extend(rest);
    anyhow::ensure!(
        header.len() == 512,
        "a tar header of {} bytes",
        header.len()
    );

    let padding = content.len().next_multiple_of(512) - content.len();
    let end = vec![0; padding + 1024];
    Ok([header.as_slice(), content, &end].concat())
}

fn field(text: &[u8], width: usize) -> Vec<u8> {
    let mut bytes = text.to_vec();
    bytes.resize(width, 0);
    bytes
}
