//! How large a header may be on its way: a JWT travels in one.

use super::{
    cause::Cause,
    cure::Cure,
    door::Door,
    patient::Patient,
    realm::Realm,
    report::Report,
    wire::{Answer, Auth, Url, Wire},
};

const KIB: usize = 1024;
/// What is tried: nginx allows 8 KiB, and a JWT of 16 KiB makes a header of 22.
const SIZES: [usize; 5] = [4 * KIB, 8 * KIB, 12 * KIB, 16 * KIB, 22 * KIB];
/// What the tokens of registries and most JWTs need.
const NEEDED: usize = 4 * KIB;

/// Sends headers of growing size to both servers.
pub(super) async fn examine(
    patient: &Patient,
    wire: &Wire,
    door: &Door,
    realm: &Realm,
    report: &mut Report,
) {
    let login = patient.login.as_ref();
    let own = login.map(|login| "authorization: Basic ".len() + login.basic().len());
    let asked = realm.asking(&[]);
    // Of the token server a padded credential would count as a failed login.
    for (url, base, header, own) in [
        (&door.root, &door.answer, "authorization", None),
        (&asked, &realm.anonymous, "x-padding", own),
    ] {
        let Some((fits, does_not)) = limit(wire, url, base, header, own).await else {
            let largest = SIZES.into_iter().max().unwrap_or_default() / KIB;
            report.well(
                "header size",
                &format!("{} takes {largest} KiB", place(url)),
            );
            continue;
        };
        let seen = format!(
            "{} takes a header of {fits} bytes, and not one of {does_not}",
            place(url)
        );
        if own.is_some_and(|own| own >= does_not) || does_not <= NEEDED {
            report.trouble("header size", Cause::HeaderSize, &seen, cure(url));
        } else {
            report.warning("header size", Cause::HeaderSize, &seen, cure(url));
        }
    }
}

/// The largest size that passes and the smallest that does not, if one does not.
async fn limit(
    wire: &Wire,
    url: &Url,
    base: &Answer,
    header: &'static str,
    own: Option<usize>,
) -> Option<(usize, usize)> {
    let mut sizes = SIZES.to_vec();
    sizes.extend(own);
    sizes.sort_unstable();
    let mut fits = 0;
    for size in sizes {
        let answer = wire.get(url, Auth::Padding(header, size)).await;
        let passes =
            answer.is_ok_and(|answer| answer.status == base.status && !answer.is_too_large());
        if !passes {
            return Some((fits, size));
        }
        fits = size;
    }
    None
}

fn place(url: &Url) -> String {
    let mut place = url.clone();
    place.set_query(None);
    place.to_string()
}

fn cure(url: &Url) -> Cure {
    let host = url.host_str().unwrap_or_default();
    Cure::of(format!(
        "Let the proxy before {host} take headers of 32 KiB; elsewhere the setting is called \
         large-client-header-buffers (ingress-nginx), LimitRequestFieldSize (Apache), \
         tune.bufsize (HAProxy)"
    ))
    .write(
        "the server block of nginx",
        "nginx",
        "large_client_header_buffers 4 32k;\n",
    )
    .restart("nginx")
}
