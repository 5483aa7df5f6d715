//! The files for jobs: read by a YAML reader's rules, and made for this set-up.

use super::*;

/// The job's file for a platform and a builder.
fn job(line: &[&str], file: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let public = ["--public-url", "https://registry.example.com"];
    let line: Vec<&str> = public.iter().chain(line).copied().collect();
    init(folder.path(), &line).unwrap();
    read(folder.path(), file)
}

#[test]
fn gitlab_builds_with_each_builder() {
    let of = |builder| {
        let line = [
            "--gitlab",
            "https://gitlab.example.com",
            "--builder",
            builder,
        ];
        job(&line, "gitlab-ci.yml")
    };
    let docker = of("docker");
    insta::assert_snapshot!(docker, @r#"
    # A job for .gitlab-ci.yml
    image:
      image: docker:28
      services: [docker:28-dind]
      id_tokens:
        PORTPASS_JWT:
          aud: "registry.example.com"
      variables:
        REGISTRY: "registry.example.com"
      script:
        - image="$REGISTRY/apps/gitlab/$(echo "$CI_PROJECT_PATH" | tr '[:upper:]' '[:lower:]'):$CI_COMMIT_REF_SLUG"
        - docker build --tag "$image" .
        - printf '%s' "$PORTPASS_JWT" | docker login --username jwt --password-stdin "$REGISTRY"
        - docker push "$image"
      rules:
        - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
        - if: $CI_COMMIT_TAG
    "#);
    let runs_in = "  image: docker:28\n  services: [docker:28-dind]\n";
    let registry = "    REGISTRY: \"registry.example.com\"\n";
    let without_mounts = "    STORAGE_DRIVER: vfs\n    BUILDAH_ISOLATION: chroot\n";
    let buildah = docker
        .replace(runs_in, "  image: quay.io/buildah/stable\n")
        .replace(registry, &format!("{registry}{without_mounts}"))
        .replace("docker ", "buildah ");
    assert_eq!(of("buildah"), buildah);
    let kaniko = of("kaniko");
    for line in [
        "    name: gcr.io/kaniko-project/executor:debug\n",
        "    - printf '{\"auths\":{\"%s\":{\"auth\":\"%s\"}}}' \"$REGISTRY\" \"$auth\" > /kaniko/.docker/config.json\n",
        "    - /kaniko/executor --context . --destination \"$image\"\n",
    ] {
        assert!(kaniko.contains(line), "{line} is not in {kaniko}");
    }
    assert!(!kaniko.contains("docker:28"), "{kaniko}");
}

#[test]
fn github_builds_with_docker_and_buildah() {
    let of = |builder| {
        let line = ["--github", "acme", "--owner-id", "65", "--builder", builder];
        job(&line, "github-workflow.yml")
    };
    let docker = of("docker");
    insta::assert_snapshot!(docker, @r#"
    # .github/workflows/image.yml
    name: image

    on:
      push:
        branches: [main]
        tags: ["**"]

    permissions:
      contents: read
      id-token: write   # lets the job ask GitHub for its JWT; nothing else is stored

    jobs:
      push:
        runs-on: ubuntu-latest
        env:
          REGISTRY: "registry.example.com"
        steps:
          - uses: actions/checkout@v4
          - name: Build
            run: |
              image="$REGISTRY/apps/github/${GITHUB_REPOSITORY,,}:${GITHUB_REF_NAME//\//-}"
              docker build --tag "$image" .
              echo "IMAGE=$image" >> "$GITHUB_ENV"
          - name: Log in and push
            # The JWT lives five minutes: log in when the image is built.
            run: |
              jwt=$(curl --fail --silent --show-error \
                --header "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \
                "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=$REGISTRY" | jq --raw-output .value)
              echo "::add-mask::$jwt"
              printf '%s' "$jwt" | docker login --username jwt --password-stdin "$REGISTRY"
              docker push "$IMAGE"
    "#);
    assert_eq!(of("buildah"), docker.replace("docker ", "buildah "));
}

#[test]
fn forgejo_asks_for_its_jwt_in_its_own_way() {
    let line = [
        "--forgejo",
        "https://git.example.com",
        "--forgejo-owner",
        "acme",
    ];
    insta::assert_snapshot!(job(&line, "forgejo-workflow.yml"), @r#"
    # .forgejo/workflows/image.yml, for Forgejo 15 and runner 12.5 or later
    name: image

    on:
      push:
        branches: [main]
        tags: ["**"]

    enable-openid-connect: true   # lets the job ask Forgejo for its JWT; nothing else is stored

    jobs:
      push:
        runs-on: docker
        env:
          REGISTRY: "registry.example.com"
        steps:
          - uses: actions/checkout@v4
          - name: Build
            run: |
              image="$REGISTRY/apps/forgejo/$(echo "$GITHUB_REPOSITORY" | tr '[:upper:]' '[:lower:]'):$(echo "$GITHUB_REF_NAME" | tr / -)"
              docker build --tag "$image" .
              echo "IMAGE=$image" >> "$GITHUB_ENV"
          - name: Log in and push
            run: |
              jwt=$(curl --fail --silent --show-error \
                --header "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \
                "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=$REGISTRY" | jq --raw-output .value)
              echo "::add-mask::$jwt"
              printf '%s' "$jwt" | docker login --username jwt --password-stdin "$REGISTRY"
              docker push "$IMAGE"
    "#);
}

#[test]
fn a_pod_mounts_a_token_for_the_registry() {
    let of = |builder| {
        let line = [
            "--kubernetes",
            "https://cluster.example.com",
            "--builder",
            builder,
        ];
        job(&line, "pod.yaml")
    };
    insta::assert_snapshot!(of("buildah"), @r#"
    # kubectl apply -f pod.yaml
    apiVersion: v1
    kind: Pod
    metadata:
      name: build
      namespace: ci
    spec:
      serviceAccountName: builder
      automountServiceAccountToken: false   # that one is for the API server, and nobody else
      restartPolicy: Never
      containers:
        - name: build
          image: quay.io/buildah/stable
          command: [sh, -euc]
          args:
            - |
              buildah build --isolation chroot --tag "registry.example.com/pods/ci/web:latest" /workspace
              buildah login --username jwt --password-stdin "registry.example.com" < /var/run/portpass/token
              buildah push "registry.example.com/pods/ci/web:latest"
          volumeMounts:
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
                  audience: "registry.example.com"
                  expirationSeconds: 3600   # renewed by the kubelet; read it when you log in
                  path: token
        - name: workspace   # what is built; put your sources here
          emptyDir: {}
    "#);
    let kaniko = of("kaniko");
    for line in [
        "      command: [/busybox/sh, -euc]\n",
        "          auth=$(printf 'jwt:%s' \"$(cat /var/run/portpass/token)\" | base64 | tr -d '\\n')\n",
        "          printf '{\"auths\":{\"%s\":{\"auth\":\"%s\"}}}' \"registry.example.com\" \"$auth\" > /kaniko/.docker/config.json\n",
    ] {
        assert!(kaniko.contains(line), "{line} is not in {kaniko}");
    }
}
