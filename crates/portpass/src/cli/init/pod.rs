//! A pod that builds and pushes with its own service account's token.

use super::{
    choice::Builder,
    plan::Plan,
    platform::{Platform, Tenant},
    text::indented,
};

/// The pod, with a token that is made out to the registry.
pub(super) fn pod(plan: &Plan, platform: &Platform) -> String {
    let (namespace, account) = match &platform.tenant {
        Tenant::Account { namespace, account } => (namespace.as_str(), account.as_str()),
        Tenant::Everybody | Tenant::Owner { .. } | Tenant::Path(_) => ("ci", "builder"),
    };
    let host = &plan.host;
    let repository = plan.job().map(|job| job.repository.clone());
    let repository = repository.unwrap_or_else(|| format!("pods/{namespace}/web"));
    let builder = plan.builder(platform);
    let image = format!("{host}/{repository}:latest");
    let (runs_in, shell) = match builder {
        Builder::Buildah | Builder::Docker => ("quay.io/buildah/stable", "sh"),
        Builder::Kaniko => ("gcr.io/kaniko-project/executor:debug", "/busybox/sh"),
    };
    format!(
        r#"# kubectl apply -f pod.yaml
apiVersion: v1
kind: Pod
metadata:
  name: build
  namespace: {namespace}
spec:
  serviceAccountName: {account}
  automountServiceAccountToken: false   # that one is for the API server, and nobody else
  restartPolicy: Never
  containers:
    - name: build
      image: {runs_in}
      command: [{shell}, -euc]
      args:
        - |
{script}      volumeMounts:
        - name: registry-token
          mountPath: /var/run/portpass
          readOnly: true
        - name: workspace
          mountPath: /workspace
  volumes:
    - name: registry-token
      projected:
        sources:
          - serviceAccountToken:
              audience: "{host}"
              expirationSeconds: 3600   # renewed by the kubelet; read it when you log in
              path: token
    - name: workspace   # what is built; put your sources here
      emptyDir: {{}}
"#,
        script = indented(&script(builder, host, &image), 10),
    )
}

fn script(builder: Builder, host: &str, image: &str) -> String {
    match builder {
        Builder::Buildah | Builder::Docker => format!(
            r#"buildah build --isolation chroot --tag "{image}" /workspace
buildah login --username jwt --password-stdin "{host}" < /var/run/portpass/token
buildah push "{image}"
"#
        ),
        Builder::Kaniko => format!(
            r#"auth=$(printf 'jwt:%s' "$(cat /var/run/portpass/token)" | base64 | tr -d '\n')
mkdir -p /kaniko/.docker
printf '{{"auths":{{"%s":{{"auth":"%s"}}}}}}' "{host}" "$auth" > /kaniko/.docker/config.json
/kaniko/executor --context /workspace --destination "{image}"
"#
        ),
    }
}
