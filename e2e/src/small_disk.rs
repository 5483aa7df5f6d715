//! A disk of a test's own, with room for little: a tmpfs that only those inside see.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Result, ensure};

use crate::{process::Server, tool::Tool};

/// A tmpfs in a mount namespace; it goes away with this value.
#[derive(Debug)]
pub struct SmallDisk {
    path: PathBuf,
    holder: Server,
    bytes: usize,
}

impl SmallDisk {
    /// Mounts a disk of this size on a folder, which is made.
    pub fn on(path: &Path, bytes: usize, beside: &Path) -> Result<Self> {
        fs::create_dir(path)?;
        let mut command = Command::new(Tool::Unshare.path()?);
        // Root in a user namespace of its own may mount, whoever we are.
        command
            .args(["--user", "--map-root-user", "--mount", "sh", "-ec"])
            .arg(
                "mount -t tmpfs -o mode=700,size=\"$1\" tmpfs \"$2\"; : >\"$2/mounted\"; \
                 exec sleep 600",
            )
            .args(["sh", &bytes.to_string()])
            .arg(path);
        let mut holder = Server::start("disk", &mut command, beside)?;
        let inside = PathBuf::from(format!("/proc/{}/root", holder.id()));
        let mark = inside.join(path.strip_prefix("/")?).join("mounted");
        holder.wait_until(|| mark.exists())?;
        fs::remove_file(mark)?;
        Ok(Self {
            path: path.to_owned(),
            holder,
            bytes,
        })
    }

    /// A command that runs a program where the disk is.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Result<Command> {
        let mut command = Command::new(Tool::Nsenter.path()?);
        command
            .args(["--user", "--mount", "--preserve-credentials", "--target"])
            .arg(self.holder.id().to_string())
            .arg("--")
            .arg(program);
        Ok(command)
    }

    /// The disk, as the rest of us see it.
    pub fn seen(&self) -> PathBuf {
        let path = self.path.display();
        format!("/proc/{}/root{path}", self.holder.id()).into()
    }

    /// Takes what room is left, to the last byte.
    pub fn fill(&self) -> Result<()> {
        // The last bytes are refused: that is what makes it full.
        let filled = fs::write(self.ballast(), vec![1; self.bytes + 1]);
        ensure!(filled.is_err(), "the disk took all of it");
        Ok(())
    }

    /// Gives the room back.
    pub fn make_room(&self) -> Result<()> {
        Ok(fs::remove_file(self.ballast())?)
    }

    fn ballast(&self) -> PathBuf {
        self.seen().join("ballast")
    }
}
