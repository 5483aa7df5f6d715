//! The two files: as many rules as a large installation has, and a change as reviews see them.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Result;

/// The registry's `service`, and the audience of the JWTs.
const SERVICE: &str = "bench.test";

/// How many rules there are beside the usual ones, each for one team.
const TEAMS: u64 = 24;

/// Every so many repositories have a row of images.
pub(crate) const ROWS: u64 = 6;

/// Writes the old file and the new one into a folder.
pub(crate) fn write(folder: &Path, identities: u64) -> Result<(PathBuf, PathBuf)> {
    let common = common(folder, identities);
    let old = "[rule.own]\nfrom = [\"github\"]\n\
               when = { event = [\"push\", \"tag\"], ref = [\"refs/heads/main\", \"refs/tags/*\"] }\n\
               push = [\"apps/{issuer}/{repository}\", \"{images}\"]\n\n\
               [rule.base]\nanonymous = true\npull = [\"base/**\"]\n\n\
               [rule.tools]\nfrom = [\"github\"]\npull = [\"tools/**\", \"old-tools/**\"]\n";
    let new = "[rule.own]\nfrom = [\"github\"]\n\
               when = { event = [\"push\", \"tag\"], ref = \"refs/heads/main\" }\n\
               push = [\"apps/{issuer}/{repository}\", \"{images}\"]\n\n\
               [rule.base]\nanonymous = true\npull = [\"base/**\"]\n\n\
               [rule.tools]\nfrom = [\"github\"]\ncel = \"claims.runner_environment == 'github-hosted'\"\n\
               pull = [\"tools/**\"]\n";
    let paths = [("old", old), ("new", new)].map(|(name, rules)| {
        let path = folder.join(format!("{name}.toml"));
        fs::write(&path, format!("{common}{rules}")).map(|()| path)
    });
    let [old, new] = paths;
    Ok((old?, new?))
}

fn common(folder: &Path, identities: u64) -> String {
    let mut text = format!(
        "public_url = \"https://{SERVICE}\"\n\n[store]\ndata_dir = '{}'\n\n\
         [registry.main]\nservice = \"{SERVICE}\"\nkind = \"distribution\"\n\n\
         [issuer.github]\nkind = \"github-actions\"\naudience = [\"{SERVICE}\"]\nowner_id = [\"65\"]\n\n\
         [group.acl_docker_push]\noperators = true\n\n\
         [rule.push-group]\ngroup = \"acl_docker_push\"\n\
         when = {{ event = \"push\", ref = \"refs/heads/main\" }}\npush = [\"legacy/**\"]\n\n\
         [deny.base]\npush = [\"base/**\"]\ndelete = [\"**\"]\nfrom = [\"github\"]\n\n",
        folder.join("data").display()
    );
    for team in 0..TEAMS {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "[rule.team-{team}]\nfrom = [\"github\"]\n\
             when = {{ event = [\"push\", \"manual\"], ref = \"refs/heads/main\", \
             environment = \"team-{team}\", runner = \"hosted\" }}\n\
             cel = \"claims.repository_visibility == 'private'\"\n\
             push = [\"teams/{team}/**\"]\n\n"
        );
    }
    text.push_str("[images.github]\n");
    for id in (1..=identities).filter(|id| id.is_multiple_of(ROWS)) {
        let _ = writeln!(text, "\"{id}\" = [\"web-{id}\", \"web-{id}/cache\"]");
    }
    text.push('\n');
    text
}
