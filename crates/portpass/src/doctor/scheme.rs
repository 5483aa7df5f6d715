//! Where the registry sends uploads: behind a proxy it has to be told how its clients came.

use super::{
    cause::Cause,
    cure::Cure,
    patient::Patient,
    report::Report,
    wire::{Answer, Auth, Request, Url, Wire},
};

/// Begins an upload, looks where it would go on, and cancels it.
pub(super) async fn examine(
    patient: &Patient,
    wire: &Wire,
    repository: &str,
    token: &str,
    report: &mut Report,
) {
    let mut url = patient.url.clone();
    url.set_path(&format!("/v2/{repository}/blobs/uploads/"));
    let begun = wire.ask(request("POST", &url, token)).await;
    let answer = match begun {
        Ok(answer) if answer.status == 202 => answer,
        Ok(answer) => {
            report.note(
                "upload",
                &format!("it cannot be begun: {}", answer.message()),
            );
            return;
        }
        Err(fault) => {
            report.note("upload", &format!("it cannot be begun: {}", fault.words));
            return;
        }
    };
    let Some(next) = answer
        .location
        .as_deref()
        .and_then(|next| url.join(next).ok())
    else {
        report.note("upload", "the registry does not say where it goes on");
        return;
    };
    judge(&url, &next, report);
    cancel(wire, &url, next, token, report).await;
}

fn judge(url: &Url, next: &Url, report: &mut Report) {
    let shown = |url: &Url| url.origin().ascii_serialization();
    if next.origin() == url.origin() {
        report.well("upload", "it goes on where it began");
        return;
    }
    let seen = format!("begun at {}, it is to go on at {}", shown(url), shown(next));
    let cure = Cure::of(
        "Have the proxy tell the registry how its clients came; or give the registry http.host, or \
         http.relativeurls: true",
    )
    .write(
        "the location of nginx, beside proxy_pass",
        "nginx",
        "proxy_set_header Host              $http_host;\nproxy_set_header X-Forwarded-Proto $scheme;\n",
    )
    .restart("nginx");
    report.trouble("upload", Cause::ProxyScheme, &seen, cure);
}

/// At the registry itself, wherever it says that it is.
async fn cancel(wire: &Wire, url: &Url, next: Url, token: &str, report: &mut Report) {
    let mut here = url.clone();
    here.set_path(next.path());
    here.set_query(next.query());
    let answer: Option<Answer> = wire.ask(request("DELETE", &here, token)).await.ok();
    if answer.is_none_or(|answer| answer.status != 204) {
        let seen = "the upload could not be cancelled, which takes delete; it holds no byte, and the \
                    registry forgets it by itself";
        report.note("upload", seen);
    }
}

fn request<'a>(method: &'static str, url: &'a Url, token: &'a str) -> Request<'a> {
    Request {
        method,
        url,
        auth: Auth::Bearer(token),
        form: (method == "POST").then(String::new),
    }
}
